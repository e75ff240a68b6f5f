/// One answer. Framing, Date, Connection, X-Request-Id and X-Content-Type-Options are the
/// server's to add; a handler's own lines of those names are dropped.
package struct Response: Sendable {
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// Chunked (close-delimited for HTTP/1.0). Runs in the request's task, which is cancelled
        /// when the client leaves. When it throws, the connection closes without the last chunk,
        /// so that the client sees a truncation.
        case stream(@Sendable (StreamWriter) async throws -> Void)
        /// A stream of exactly so many bytes, sent with Content-Length. Fewer close the
        /// connection; more are not sent.
        case sized(Int, @Sendable (StreamWriter) async throws -> Void)
        /// A stream whose producer must not wait: a client that falls behind by more than
        /// `outputBytesMax` or `outputEventsMax` loses the stream and the connection.
        case live(@Sendable (StreamWriter) async throws -> Void)

        var isStream: Bool {
            switch self {
            case .none, .bytes: false
            case .stream, .sized, .live: true
            }
        }
    }

    package var status: Status
    package var fields: Fields
    package var body: Body

    package init(_ code: Int, _ fields: Fields = Fields(), body: Body = .none) {
        status = Status(code)
        self.fields = fields
        self.body = body
    }
}
