import Glibc
import WorkerProtocol

/// What the worker says to the server. A server that no longer listens ends the worker: there is
/// nobody to compute for.
struct ServerChannel: Sendable {
    private let channel: Channel<WorkerRequest, WorkerReply>

    init(descriptor: Int32) {
        channel = Channel(descriptor: descriptor)
    }

    func receive() throws -> WorkerRequest? {
        try channel.receive()
    }

    func send(_ reply: WorkerReply) {
        do {
            try channel.send(reply)
        } catch let error as ProtocolError where error.code != "io" {
            ProcessSetup.say("a message was not sent: \(error)")
            refuse(reply, error)
        } catch {
            _exit(0)
        }
    }

    /// The caller of an answer that cannot be sent must hear something.
    private func refuse(_ reply: WorkerReply, _ error: ProtocolError) {
        let failure = WorkerFailure(code: "internal", message: error.message)
        switch reply {
        case .classified(let id, _), .delta(let id, _), .generated(let id, _):
            send(.refused(id: id, failure))
        default:
            break
        }
    }

    /// Answers a job that this worker does not do.
    func refuse(_ request: WorkerRequest, _ failure: WorkerFailure) {
        switch request {
        case .classify(let job): send(.refused(id: job.id, failure))
        case .generate(let job): send(.refused(id: job.id, failure))
        case .train(let job): send(.failed(run: job.run, fence: job.fence, failure))
        case .file: send(.refused(id: 0, failure))
        case .directive, .kept, .cancel, .unload, .ping, .shutdown: break
        }
    }
}
