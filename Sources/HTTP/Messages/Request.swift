/// One request. Nothing in it has been trusted; what the wire forbids has been refused already.
package struct Request: Sendable {
    package var method: Method
    /// The path as it was sent, without the query: visible ASCII, percent-encoding not undone, so
    /// that what is compared is what was routed. `*` for `OPTIONS *`.
    package var path: String
    /// Decoded (percent and `+`), in order; empty when the query was malformed, which the router
    /// answers with 400.
    package var query: [(name: String, value: String)]
    package var fields: Fields
    /// From the route pattern: decoded, without slash, backslash, control or dot segment.
    package var parameters: [String: String]
    package var body: RequestBody
    /// The peer's address without port.
    package var peer: String
    /// The request id: the client's `X-Request-Id` when it is `[A-Za-z0-9._-]{1,64}`, else made.
    package var id: String
    /// The target as it was sent (origin form, or the path and query of an absolute form).
    package var target: String
    /// `host[:port]` from an absolute target, else from Host; empty in HTTP/1.0 without Host.
    package var authority: String
    /// The pattern of the route that matched: a label of bounded variety. Nil when none did.
    package var route: String?
    /// Whether it came over TLS.
    package var isSecure = false
    /// SHA-256 of the client's verified certificate in lower-case hex.
    package var clientCertificate: String?
    /// Why the query or the path could not be decoded.
    var malformation: HTTPError?

    package init(
        method: Method, path: String, query: [(name: String, value: String)] = [],
        fields: Fields = Fields(), parameters: [String: String] = [:],
        body: RequestBody = RequestBody(), peer: String = "", id: String = "",
        target: String? = nil, authority: String = ""
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.fields = fields
        self.parameters = parameters
        self.body = body
        self.peer = peer
        self.id = id
        self.target = target ?? path
        self.authority = authority
    }

    /// The host of `authority`: without port and brackets, ASCII lower case.
    package var host: String {
        var bytes = Array(authority.utf8)
        if bytes.first == UInt8(ascii: "[") {
            bytes.removeFirst()
            if let end = bytes.firstIndex(of: UInt8(ascii: "]")) { bytes.removeSubrange(end...) }
        } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            bytes.removeSubrange(colon...)
        }
        return String(decoding: bytes.map(ByteClass.lowercased), as: UTF8.self)
    }
}
