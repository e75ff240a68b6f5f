/// What a connection's state asks of the world, in order. Numbers name exchanges.
enum ConnectionAction: Equatable {
    /// Run the handler; `takeHead` has the request.
    case start(Int)
    /// Bytes of a body, for its handler.
    case body(Int, [UInt8])
    case bodyEnd(Int)
    /// The rest of the body will not come.
    case bodyFailed(Int, HTTPError)
    /// Make the answer to what is no valid request, and hand it in.
    case render(Int, HTTPError)
    /// The head of the stream is written; its writer may begin.
    case openStream(Int)
    /// There is room for waiting writers.
    case resumeWriters(Int)
    /// The client has probably left: its task is cancelled, and may still answer.
    case interrupt(Int)
    /// Its task and everything that waits for it shall end.
    case cancel(Int)
    /// Its answer is over, or will never come.
    case retire(Int, ExchangeSummary)
    case count(Rejection)
    /// Say FIN; go on reading.
    case finishSending
    case close
}

/// How an exchange ended.
struct ExchangeSummary: Equatable {
    var method: Method
    /// 0 when no answer was begun.
    var status: Int
    /// When its head was complete.
    var started: Double
    /// Of the request's body.
    var receivedBytes: Int
    /// Of the answer's body, without framing.
    var sentBytes: Int
    var isWhole: Bool
}
