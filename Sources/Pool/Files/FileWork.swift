import Glibc
import Synchronization
import WorkerProtocol

/// Jobs on model files, one after the other, each done by a worker that is started for it: memory
/// that a large model took goes back at once, and a file that breaks its reader breaks nothing
/// else.
final class FileWork: Sendable {
    private typealias Continuation = CheckedContinuation<FileResult, any Error>

    private struct Waiting {
        var job: FileJob
        var ticket: InferenceJob.Ticket
        var continuation: Continuation
    }

    private struct State {
        var waiting: [Waiting] = []
        var isRunning = false
        var isStopped = false
    }

    /// How long a cancellation may go unnoticed.
    private static let lookMilliseconds: Int32 = 250

    private let environment: PoolEnvironment
    private let state = Mutex(State())

    init(_ environment: PoolEnvironment) { self.environment = environment }

    func run(_ job: FileJob) async throws -> FileResult {
        let ticket = InferenceJob.Ticket()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                add(Waiting(job: job, ticket: ticket, continuation: continuation))
            }
        } onCancel: {
            ticket.cancel()
        }
    }

    /// Ends what runs and refuses what waits.
    func stop() {
        let waiting = state.withLock { state in
            state.isStopped = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for job in waiting { job.continuation.resume(throwing: InferenceDuty.stopping) }
    }

    private func add(_ job: Waiting) {
        let (refusal, isFirst): (WorkerFailure?, Bool) = state.withLock { state in
            if state.isStopped { return (InferenceDuty.stopping, false) }
            guard state.waiting.count < environment.limits.fileJobsWaitingMax else {
                return (
                    WorkerFailure(
                        code: "overloaded",
                        message: "\(state.waiting.count) jobs on model files are waiting "
                            + "(fileJobsWaitingMax); try again later"), false
                )
            }
            state.waiting.append(job)
            defer { state.isRunning = true }
            return (nil, !state.isRunning)
        }
        if let refusal { return job.continuation.resume(throwing: refusal) }
        guard isFirst else { return }
        do {
            // The kernel ends a child with the thread that started it: this one waits for it.
            try OwnThread.start("pool-files") { [self] in
                while let next = next() {
                    let result = Result { try perform(next.job, next.ticket) }
                    next.continuation.resume(with: result)
                }
            }
        } catch {
            while let next = next() { next.continuation.resume(throwing: error) }
        }
    }

    private func next() -> Waiting? {
        state.withLock { state in
            state.isRunning = !state.waiting.isEmpty
            return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
        }
    }

    private func perform(_ job: FileJob, _ ticket: InferenceJob.Ticket) throws -> FileResult {
        if ticket.isCancelled { throw CancellationError() }
        let link = try environment.launcher.launch(.files)
        defer {
            _ = link.terminate()
            close(link.descriptor)
        }
        let deadline = environment.clock() + environment.limits.fileJobSeconds
        var connection = WorkerConnection(descriptor: link.descriptor)
        while true {
            let (replies, ended) = try connection.receive()
            for reply in replies {
                switch reply {
                case .ready(let info):
                    if let problem = Self.problem(of: info) { throw problem }
                    try connection.send(.file(job))
                case .filed(let result): return result
                case .refused(_, let failure): throw failure
                default: break
                }
            }
            if ended {
                throw WorkerFailure(
                    code: "worker_lost",
                    message: "the files worker ended while it worked on this; the server's log "
                        + "may say why")
            }
            if ticket.isCancelled { throw CancellationError() }
            if state.withLock({ $0.isStopped }) { throw InferenceDuty.stopping }
            guard environment.clock() < deadline else {
                throw WorkerFailure(
                    code: "timeout",
                    message: "the work took longer than \(Int(environment.limits.fileJobSeconds)) "
                        + "s (fileJobSeconds)")
            }
            try connection.flush()
            let events = POLLIN | (connection.wantsToWrite ? POLLOUT : 0)
            var entry = pollfd(fd: link.descriptor, events: Int16(events), revents: 0)
            _ = poll(&entry, 1, Self.lookMilliseconds)
        }
    }

    private static func problem(of info: WorkerInfo) -> WorkerFailure? {
        guard info.version == WorkerProtocol.version else {
            return WorkerFailure(
                code: "internal", message: "the files worker speaks protocol \(info.version)")
        }
        return info.problems.first.map { WorkerFailure(code: "wrong_mathematics", message: $0) }
    }
}
