/// One request and its answer on a connection, as far as the wire is concerned. An object, because
/// it is too large to be moved about; it stays within the state that made it.
final class ExchangeState {
    let number: Int
    let method: Method
    /// May run beside other safe ones (RFC 9112 §9.3.2).
    let isSafe: Bool
    let isVersion10: Bool
    /// When its head was complete.
    let started: Double
    /// Whether the connection lives on after it.
    var keepsAlive: Bool
    /// The request, until its handler starts.
    var head: RequestHead?
    /// Waits until those before it are answered.
    var isParked = false
    /// Refused by the wire: it has no handler and is not counted as a request.
    var isRefusal = false

    /// Complete, or the head of a stream, waiting for its turn.
    var answer: Answer?
    /// A head was written and pieces follow.
    var isStreaming = false
    var isChunked = false
    /// Of a stream with Content-Length.
    var declaredBytes: Int?
    /// Its producer does not wait for the client.
    var isLive = false
    /// The writer was told that the output is full.
    var isWriterWaiting = false
    /// Its handler was told that the client is probably gone.
    var isInterrupted = false
    /// Of its answer; 0 before it has begun.
    var status = 0
    var bodyBytes = 0
    var sentBytes = 0

    init(_ number: Int, _ head: RequestHead, now: Double) {
        self.number = number
        method = head.method
        isSafe = head.method.isSafe && head.framing == .none
        isVersion10 = head.isVersion10
        started = now
        keepsAlive = head.keepsAlive
        self.head = head
    }

    /// The place of an answer to what was no request.
    init(refusal number: Int, method: Method?, now: Double) {
        self.number = number
        self.method = method ?? .get
        isSafe = false
        isVersion10 = false
        started = now
        keepsAlive = false
        isRefusal = true
    }

    /// Whether its handler still owes an answer.
    var isComputing: Bool { !isRefusal && !isParked && answer == nil && !isStreaming }
}

/// What a handler answered.
struct Answer {
    var response: Response
    var requestID: String
    /// The text of Date: when it was made.
    var date: [UInt8]
}

/// A body on its way in; its exchange may have been answered already.
struct ReceivingState {
    let number: Int
    /// Bytes of a known length that have not come; nil when chunked.
    var bytesLeft: Int?
    /// The client waits for 100 before it sends the body, and has not got it.
    var awaitsContinue: Bool
    var bytes = 0
    var started: Double
    var lastTime: Double
    /// Since when the handler has had enough; the client is not the slow one then.
    var pausedAt: Double?

    init(_ number: Int, _ head: RequestHead, now: Double) {
        self.number = number
        if case .length(let length) = head.framing { bytesLeft = length }
        awaitsContinue = head.expectsContinue
        started = now
        lastTime = now
    }
}
