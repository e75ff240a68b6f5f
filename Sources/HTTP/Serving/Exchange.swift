/// One request and its answer, on a connection that may hold several. Confined to the reactor's
/// thread.
final class Exchange {
    let method: Method
    var isHead: Bool { method == .head }
    let isSafe: Bool
    let isVersion10: Bool
    let requestID: String
    /// Whether the request lets the connection live on.
    var keepsAlive: Bool

    /// Taken by the handler's task when it starts.
    var request: Request?
    var match = Router.Match.server
    var route: String?
    var traceParent: String?
    /// When its head was complete.
    let started: Double
    /// Of the answer; 0 before it has begun.
    var status = 0
    /// Of the answer's body, without framing.
    var sentBytes = 0
    var isCounted = false
    let channel: BodyChannel?
    /// Bytes of a body of known length that have not come; nil when chunked.
    var bodyBytesLeft: Int?
    var bodyEnded: Bool
    /// The client waits for 100 before it sends the body, and has not got it.
    var awaitsContinue: Bool
    var bodyStarted: Double
    var bodyBytes = 0
    var lastBodyTime: Double

    var task: Task<Void, Never>?
    /// Complete, waiting for its turn.
    var response: Response?
    /// A stream, waiting for its turn.
    var opening: (response: Response, turn: CheckedContinuation<Bool, Never>)?
    /// A head was written and chunks follow.
    var isStreaming = false
    var isChunked = false
    var writers: [CheckedContinuation<Void, any Error>] = []
    var isCancelled = false

    init(
        _ head: RequestHead, requestID: String, channel: BodyChannel?, now: Double
    ) {
        method = head.method
        isSafe = head.method.isSafe && head.framing == .none
        isVersion10 = head.isVersion10
        self.requestID = requestID
        keepsAlive = head.keepsAlive
        self.channel = channel
        switch head.framing {
        case .none: bodyBytesLeft = 0
        case .length(let length): bodyBytesLeft = length
        case .chunked: bodyBytesLeft = nil
        }
        bodyEnded = channel == nil
        awaitsContinue = head.expectsContinue
        started = now
        bodyStarted = now
        lastBodyTime = now
    }

    /// The answer to what was no request.
    init(refusal response: Response, requestID: String) {
        method = .get
        isSafe = false
        isVersion10 = false
        self.requestID = requestID
        keepsAlive = false
        channel = nil
        bodyBytesLeft = 0
        bodyEnded = true
        awaitsContinue = false
        started = 0
        isCounted = true
        bodyStarted = 0
        lastBodyTime = 0
        self.response = response
    }

    /// Whether its handler still owes an answer.
    var isComputing: Bool { task != nil && response == nil && !isStreaming && opening == nil }

    /// Ends everything that waits for this exchange, and its task.
    func cancel() {
        isCancelled = true
        task?.cancel()
        channel?.fail(CancellationError())
        if let opening {
            self.opening = nil
            opening.turn.resume(returning: false)
        }
        let writers = self.writers
        self.writers = []
        for writer in writers { writer.resume(throwing: CancellationError()) }
    }
}
