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
    /// Nil until a stream begins: most answers need none.
    private var producers: Producers?

    /// Who waits for the connection.
    private final class Producers {
        /// The stream's producer, until the head is written.
        var turn: CheckedContinuation<Bool, Never>?
        /// Producers that found the output full.
        var writers: [CheckedContinuation<Void, any Error>] = []
    }

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

    /// The producer goes on at `open`.
    func awaitTurn(_ turn: CheckedContinuation<Bool, Never>) {
        let producers = self.producers ?? Producers()
        producers.turn = turn
        self.producers = producers
    }

    /// The writer goes on at `resumeWriters`.
    func awaitRoom(_ writer: CheckedContinuation<Void, any Error>) {
        let producers = self.producers ?? Producers()
        producers.writers.append(writer)
        self.producers = producers
    }

    func open(_ isOpen: Bool) {
        guard let producers, let turn = producers.turn else { return }
        producers.turn = nil
        turn.resume(returning: isOpen)
    }

    func resumeWriters(_ error: (any Error)? = nil) {
        guard let producers else { return }
        let writers = producers.writers
        producers.writers = []
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
