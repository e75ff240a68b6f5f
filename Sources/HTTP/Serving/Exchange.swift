/// The handler's side of one request: its task, and what waits for the connection. Confined to
/// the reactor's thread.
final class Exchange: @unchecked Sendable {
    // @unchecked because everything but the constants is touched through `Connection.onReactor`.
    let number: Int
    let requestID: String
    let isHead: Bool
    let match: Router.Match
    let route: String?
    let traceParent: String?
    let channel: BodyChannel?
    var task: Task<Void, Never>?
    /// The stream's producer, until the head is written.
    var turn: CheckedContinuation<Bool, Never>?
    /// Producers that found the output full.
    var writers: [CheckedContinuation<Void, any Error>] = []

    init(
        _ number: Int, requestID: String, isHead: Bool, match: Router.Match, route: String?,
        traceParent: String?, channel: BodyChannel?
    ) {
        self.number = number
        self.requestID = requestID
        self.isHead = isHead
        self.match = match
        self.route = route
        self.traceParent = traceParent
        self.channel = channel
    }

    func open(_ isOpen: Bool) {
        guard turn != nil else { return }
        let turn = self.turn
        self.turn = nil
        turn?.resume(returning: isOpen)
    }

    func resumeWriters(_ error: (any Error)? = nil) {
        let writers = self.writers
        self.writers = []
        for writer in writers {
            if let error { writer.resume(throwing: error) } else { writer.resume() }
        }
    }

    /// Ends its task and everything that waits for this exchange.
    func cancel() {
        task?.cancel()
        channel?.fail(CancellationError())
        open(false)
        resumeWriters(CancellationError())
    }
}
