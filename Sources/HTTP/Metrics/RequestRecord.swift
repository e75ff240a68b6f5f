/// One request that is over, for an access log. Holds neither path nor query: they are the user's.
package struct RequestRecord: Sendable {
    package var id: String
    /// The peer's address without port.
    package var peer: String
    package var method: Method
    /// The pattern that matched; nil when none did.
    package var route: String?
    package var status: Int
    /// From the end of the request's head to the last byte handed to the socket's buffer.
    package var seconds: Double
    /// Of the body.
    package var receivedBytes: Int
    /// Of the body, without its framing.
    package var sentBytes: Int
    /// The `traceparent` field as it was sent.
    package var traceParent: String?
    /// False when the client left or the stream broke.
    package var isWhole: Bool
}
