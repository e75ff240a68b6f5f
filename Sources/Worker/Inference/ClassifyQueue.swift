import WorkerProtocol

/// Classification jobs that wait. Pure; what fits one forward pass comes out together, and a job
/// too large for one is served in pieces, so that it holds nobody else up for long.
struct ClassifyQueue {
    /// Inputs of one pass, in bytes: a token is at least one byte, so never more tokens than this.
    /// A single longer input makes a pass of its own. Few enough that who comes next waits about
    /// as long as for one short text more.
    static let bytesMax = 1024

    /// A part of a job's inputs.
    struct Piece {
        var job: ClassifyJob
        var range: Range<Int>

        var inputs: ArraySlice<InputText> { job.inputs[range] }
        var isLast: Bool { range.upperBound == job.inputs.count }
    }

    private struct Waiting {
        var job: ClassifyJob
        var backbone: ObjectIdentifier
        /// The first input that no pass has taken.
        var next = 0
    }

    private var waiting: [Waiting] = []

    var isEmpty: Bool { waiting.isEmpty }

    /// - Parameter backbone: of the job's model; jobs of one share their passes.
    mutating func add(_ job: ClassifyJob, backbone: ObjectIdentifier) {
        waiting.append(Waiting(job: job, backbone: backbone))
    }

    /// False: it is not here.
    mutating func cancel(_ id: Int) -> Bool {
        guard let index = waiting.firstIndex(where: { $0.job.id == id }) else { return false }
        waiting.remove(at: index)
        return true
    }

    /// The next inputs of the oldest job, with those of jobs behind it whose models have the same
    /// backbone, whatever their tasks and adapters, up to `bytesMax`. A job that is not done with it goes to the end of the queue.
    mutating func next() -> [Piece] {
        guard let first = waiting.first else { return [] }
        var room = Self.bytesMax
        var pieces: [Piece] = []
        var unfinished: [Waiting] = []
        var isFull = false
        waiting.removeAll { entry in
            guard !isFull, entry.backbone == first.backbone else { return false }
            let inputs = Self.fitting(entry, room: &room, atLeast: pieces.isEmpty ? 1 : 0)
            isFull = inputs.upperBound < entry.job.inputs.count
            guard !inputs.isEmpty || entry.job.inputs.isEmpty else { return false }
            pieces.append(Piece(job: entry.job, range: inputs))
            if isFull {
                var rest = entry
                rest.next = inputs.upperBound
                unfinished.append(rest)
            }
            return true
        }
        waiting += unfinished
        return pieces
    }

    private static func fitting(
        _ entry: Waiting, room: inout Int, atLeast count: Int
    ) -> Range<Int> {
        var end = entry.next
        while end < entry.job.inputs.count {
            let bytes = entry.job.inputs[end].size
            guard bytes <= room || end < entry.next + count else { break }
            room = max(0, room - bytes)
            end += 1
        }
        return entry.next..<end
    }
}
