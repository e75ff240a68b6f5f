import Synchronization
import WorkerProtocol

/// A job and where its answer goes.
struct InferenceJob: Sendable {
    enum Work: Sendable {
        case classify(ClassifyJob, CheckedContinuation<ClassifyResult, any Error>)
        case generate(GenerateJob, AsyncThrowingStream<GenerateOutput, any Error>.Continuation)
    }

    let id: Int
    let ticket: Ticket
    let work: Work

    var kind: InferenceQueue.Kind {
        switch work {
        case .classify: .classify
        case .generate: .generate
        }
    }

    var request: WorkerRequest {
        switch work {
        case .classify(let job, _): .classify(job)
        case .generate(let job, _): .generate(job)
        }
    }

    func fail(_ error: any Error) {
        switch work {
        case .classify(_, let continuation): continuation.resume(throwing: error)
        case .generate(_, let continuation): continuation.finish(throwing: error)
        }
    }

    /// Remembers that the caller has gone, even before the job was handed over.
    final class Ticket: Sendable {
        private let cancelled = Mutex(false)
        var isCancelled: Bool { cancelled.withLock { $0 } }
        func cancel() { cancelled.withLock { $0 = true } }
    }
}
