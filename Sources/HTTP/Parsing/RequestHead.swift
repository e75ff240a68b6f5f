/// Where a request's body ends (RFC 9112 §6.3).
enum BodyFraming: Sendable, Equatable {
    case none
    case length(Int)
    case chunked
}

/// A request line and its fields, checked.
struct RequestHead: Sendable, Equatable {
    var method: Method
    var target: RequestTarget
    /// The authority that counts: an absolute target's, else Host's.
    var authority: String
    var isVersion10: Bool
    var fields: Fields
    var framing: BodyFraming
    var keepsAlive: Bool
    var expectsContinue: Bool
}
