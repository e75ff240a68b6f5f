/// Cuts a byte stream into frames, however it arrives. It knows no sockets and no messages.
package struct FrameDecoder: Sendable {
    private let payloadBytesMax: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var failure: ProtocolError?

    package init(payloadBytesMax: Int = Frame.payloadBytesMax) {
        self.payloadBytesMax = payloadBytesMax
    }

    /// Nothing is left over: the stream may end here.
    package var isAtBoundary: Bool { start == buffer.count && failure == nil }

    package mutating func append(_ bytes: some Sequence<UInt8>) {
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            start = 0
        } else if start > 1 << 16, start > buffer.count / 2 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole payload; `nil` until more bytes come. A stream that failed once stays failed.
    ///
    /// - Throws: `wrong_version` at the first byte of a frame, `frame_too_large` at its header.
    package mutating func next() throws -> ArraySlice<UInt8>? {
        if let failure { throw failure }
        guard start < buffer.count else { return nil }
        guard buffer[start] == UInt8(WorkerProtocol.version) else {
            throw fail(
                "wrong_version",
                "the peer speaks worker protocol \(buffer[start]), this process speaks "
                    + "\(WorkerProtocol.version); run the same release on both sides")
        }
        guard buffer.count - start >= Frame.headerBytes else { return nil }
        let length = buffer[start + 1..<start + Frame.headerBytes].reduce(0) { $0 << 8 | Int($1) }
        guard length <= payloadBytesMax else {
            let error = Frame.tooLarge(length, payloadBytesMax)
            failure = error
            throw error
        }
        let end = start + Frame.headerBytes + length
        guard buffer.count >= end else { return nil }
        defer { start = end }
        return buffer[start + Frame.headerBytes..<end]
    }

    /// To be asked at the end of the stream.
    ///
    /// - Throws: `truncated` when it ended inside a frame.
    package func finish() throws {
        guard !isAtBoundary else { return }
        throw failure
            ?? ProtocolError(
                code: "truncated",
                message: "the stream ended inside a frame, \(buffer.count - start) bytes "
                    + "after its start")
    }

    private mutating func fail(_ code: String, _ message: String) -> ProtocolError {
        let error = ProtocolError(code: code, message: message)
        failure = error
        return error
    }
}
