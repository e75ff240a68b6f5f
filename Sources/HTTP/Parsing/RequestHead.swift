/// Where a request's body ends (RFC 9112 §6.3).
enum BodyFraming: Sendable, Equatable {
    case none
    case length(Int)
    case chunked
}

/// A request line and its fields, checked. An object, because it passes through many hands unchanged.
final class RequestHead: Sendable {
    let method: Method
    let target: RequestTarget
    /// The authority that counts: an absolute target's, else Host's.
    let authority: String
    let isVersion10: Bool
    let fields: Fields
    let framing: BodyFraming
    let keepsAlive: Bool
    let expectsContinue: Bool

    init(_ line: RequestLine, _ fields: Fields) throws(HTTPError) {
        let semantics = try FieldSemantics(fields, isVersion10: line.isVersion10)
        method = line.method
        target = line.target
        authority = line.target.authority ?? semantics.host ?? ""
        isVersion10 = line.isVersion10
        self.fields = fields
        framing = semantics.framing
        keepsAlive = semantics.keepsAlive(isVersion10: line.isVersion10)
        expectsContinue = semantics.expectsContinue
    }
}

extension RequestHead: Equatable {
    static func == (left: RequestHead, right: RequestHead) -> Bool {
        left.method == right.method && left.target == right.target
            && left.authority == right.authority && left.isVersion10 == right.isVersion10
            && left.fields == right.fields && left.framing == right.framing
            && left.keepsAlive == right.keepsAlive
            && left.expectsContinue == right.expectsContinue
    }
}
