/// Why something was refused or cut off: the label of `http_rejected_total{reason=…}`.
///
/// A limit's reason is the limit's own name in `ServerLimits`, so that one leads to the other.
/// Reasons come from code only; their number is bounded.
package struct Rejection: Hashable, Sendable {
    package let reason: String

    package init(_ reason: String) { self.reason = reason }

    // MARK: Messages

    package static let malformed = Rejection("malformed")
    package static let version = Rejection("version")
    package static let method = Rejection("method")
    package static let expectation = Rejection("expectation")
    package static let requestLineBytes = Rejection("request_line_bytes")
    package static let fieldBytes = Rejection("field_bytes")
    package static let headerBytes = Rejection("header_bytes")
    package static let fieldCount = Rejection("field_count")
    package static let chunkExtensionBytes = Rejection("chunk_extension_bytes")
    package static let bodyBytes = Rejection("body_bytes")
    /// FIN, or a TLS stream cut off, inside a body.
    package static let truncated = Rejection("truncated")

    // MARK: Time

    package static let headerSeconds = Rejection("header_seconds")
    package static let bodyIdleSeconds = Rejection("body_idle_seconds")
    package static let bodyBytesPerSecond = Rejection("body_bytes_per_second")
    package static let keepAliveSeconds = Rejection("keep_alive_seconds")
    package static let writeStallSeconds = Rejection("write_stall_seconds")

    // MARK: Room

    package static let outputBytes = Rejection("output_bytes")
    package static let outputEvents = Rejection("output_events")
    /// An idle connection gave way, or a new one found the server full.
    package static let connections = Rejection("connections")
    package static let connectionsPerAddress = Rejection("connections_per_address")
    /// The process ran out of descriptors.
    package static let descriptors = Rejection("descriptors")

    /// A TLS handshake that failed.
    package static let tlsHandshake = Rejection("tls_handshake")

    /// Every reason that this module counts.
    package static let wire: [Rejection] = [
        .malformed, .version, .method, .expectation, .requestLineBytes, .fieldBytes,
        .headerBytes, .fieldCount, .chunkExtensionBytes, .bodyBytes, .truncated, .headerSeconds,
        .bodyIdleSeconds, .bodyBytesPerSecond, .keepAliveSeconds, .writeStallSeconds,
        .outputBytes, .outputEvents, .connections, .connectionsPerAddress, .descriptors,
        .tlsHandshake,
    ]
}
