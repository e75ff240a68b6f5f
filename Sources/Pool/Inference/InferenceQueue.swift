/// The order in which inference jobs reach the worker. Pure: jobs are numbers, seconds come from
/// the caller. Classification goes ahead of generation: it takes milliseconds, and its callers
/// wait for all of it.
struct InferenceQueue {
    enum Kind: Sendable, CaseIterable { case classify, generate }

    enum Cancellation: Equatable {
        /// It is not here (any more).
        case unknown
        /// It never left: nobody else needs to know.
        case withdrawn
        /// The worker must stop it; its place is free once the worker answered.
        case tellWorker
    }

    private struct Waiting {
        var id: Int
        var since: Double
    }

    private let limits: PoolLimits
    private var waiting: [Kind: [Waiting]] = [:]
    private var inFlight: [Int: Kind] = [:]

    init(limits: PoolLimits) {
        self.limits = limits
    }

    var count: Int { inFlight.count + waiting.values.reduce(0) { $0 + $1.count } }
    var hasInFlight: Bool { !inFlight.isEmpty }

    var classify: PoolFigures.Jobs { jobs(.classify) }
    var generate: PoolFigures.Jobs { jobs(.generate) }

    private func jobs(_ kind: Kind) -> PoolFigures.Jobs {
        var jobs = PoolFigures.Jobs()
        jobs.waiting = waiting[kind]?.count ?? 0
        jobs.running = inFlight.values.count { $0 == kind }
        return jobs
    }

    /// False: the queue is full.
    mutating func admit(_ id: Int, _ kind: Kind, now: Double) -> Bool {
        guard count < limits.inferenceJobsMax else { return false }
        waiting[kind, default: []].append(Waiting(id: id, since: now))
        return true
    }

    /// Jobs to hand to the worker now, in order.
    mutating func dispatch() -> [Int] {
        var ids: [Int] = []
        for kind in Kind.allCases {
            let limit =
                kind == .classify ? limits.classifyInFlightMax : limits.generateInFlightMax
            let free = limit - inFlight.values.count { $0 == kind }
            let next = (waiting[kind] ?? []).prefix(max(free, 0))
            waiting[kind]?.removeFirst(next.count)
            for job in next { inFlight[job.id] = kind }
            ids += next.map(\.id)
        }
        return ids
    }

    /// The worker's last word on a job.
    mutating func finish(_ id: Int) {
        inFlight[id] = nil
    }

    mutating func cancel(_ id: Int) -> Cancellation {
        if inFlight[id] != nil { return .tellWorker }
        for kind in Kind.allCases {
            if let index = waiting[kind]?.firstIndex(where: { $0.id == id }) {
                waiting[kind]?.remove(at: index)
                return .withdrawn
            }
        }
        return .unknown
    }

    /// Takes out the jobs that died with the worker; those that wait stay.
    mutating func workerLost() -> [Int] {
        defer { inFlight = [:] }
        return inFlight.keys.sorted()
    }

    /// Takes out the jobs that waited too long.
    mutating func expire(now: Double) -> [Int] {
        var ids: [Int] = []
        for kind in Kind.allCases {
            let late = (waiting[kind] ?? []).prefix {
                now - $0.since >= limits.inferenceQueueSeconds
            }
            waiting[kind]?.removeFirst(late.count)
            ids += late.map(\.id)
        }
        return ids
    }

    /// When `expire` next has something to take.
    var expiresAt: Double? {
        waiting.values.compactMap { $0.first?.since }.min().map {
            $0 + limits.inferenceQueueSeconds
        }
    }
}
