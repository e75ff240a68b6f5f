import WorkerProtocol

/// Classification jobs that wait. Pure; those that fit one forward pass come out together.
struct ClassifyQueue {
    /// Inputs of one pass, in bytes: a token is at least one byte, so never more tokens than this.
    static let bytesMax = 4096
    private var jobs: [ClassifyJob] = []

    var isEmpty: Bool { jobs.isEmpty }

    mutating func add(_ job: ClassifyJob) {
        jobs.append(job)
    }

    /// False: it is not here.
    mutating func cancel(_ id: Int) -> Bool {
        guard let index = jobs.firstIndex(where: { $0.id == id }) else { return false }
        jobs.remove(at: index)
        return true
    }

    /// The oldest job, with those behind it that want the same of the same model, up to `bytesMax`.
    mutating func next() -> [ClassifyJob] {
        guard let first = jobs.first else { return [] }
        var bytes = 0
        var isFull = false
        var taken: [ClassifyJob] = []
        jobs.removeAll { job in
            guard !isFull, Self.areAlike(job, first) else { return false }
            let more = job.inputs.reduce(0) { $0 + $1.utf8.count }
            guard taken.isEmpty || bytes + more <= Self.bytesMax else {
                isFull = true
                return false
            }
            bytes += more
            taken.append(job)
            return true
        }
        return taken
    }

    private static func areAlike(_ a: ClassifyJob, _ b: ClassifyJob) -> Bool {
        a.files == b.files && a.task == b.task && a.truncate == b.truncate
    }
}
