/// The body as it arrives. At most one consumer; reading from the socket stops when it does.
package struct RequestBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    /// Content-Length; nil for a chunked body, 0 when there is none.
    package let declaredLength: Int?
    private let channel: BodyChannel?
    private let bytes: [UInt8]

    /// A body that is all there already.
    package init(_ bytes: [UInt8] = []) {
        declaredLength = bytes.count
        channel = nil
        self.bytes = bytes
    }

    init(channel: BodyChannel, declaredLength: Int?) {
        self.declaredLength = declaredLength
        self.channel = channel
        bytes = []
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let channel: BodyChannel?
        fileprivate var bytes: [UInt8]

        /// The next bytes, never empty; nil after the last.
        ///
        /// - Throws: `HTTPError` 400 when the body was cut off or malformed, 408 when it came too
        ///   slowly; `CancellationError`.
        package mutating func next() async throws -> [UInt8]? {
            if let channel { return try await channel.next() }
            defer { bytes = [] }
            return bytes.isEmpty ? nil : bytes
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(channel: channel, bytes: bytes)
    }

    /// All bytes.
    ///
    /// - Throws: `HTTPError` 413 past the limit: before anything is read when Content-Length says
    ///   so, else at the byte that passes.
    package func collect(upTo limit: Int) async throws -> [UInt8] {
        if let declaredLength, declaredLength > limit { throw Self.tooLarge(limit) }
        var collected: [UInt8] = []
        var iterator = makeAsyncIterator()
        while let piece = try await iterator.next() {
            if piece.count > limit - collected.count { throw Self.tooLarge(limit) }
            if collected.isEmpty { collected = piece } else { collected += piece }
        }
        return collected
    }

    private static func tooLarge(_ limit: Int) -> HTTPError {
        HTTPError(
            413, "The body must have at most \(limit) bytes.", rejection: .bodyBytes)
    }
}
