import CZlib

/// Decodes a gzip body (RFC 1952) as it arrives, piece by piece, so that a small body that
/// stands for a huge one is noticed at the limit and never held in memory.
// Not Sendable: one upload owns it.
final class GzipDecoder {
    private static let pieceBytes = 256 * 1024

    private let bytesMax: Int
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var piece = [UInt8](repeating: 0, count: pieceBytes)
    private var count = 0
    /// Between two members, or after the last.
    private var isAtEnd = false

    /// - Parameter bytesMax: of the decoded body.
    init(bytesMax: Int) {
        self.bytesMax = bytesMax
        stream.initialize(to: z_stream())
        let code = gzip_decoder_init(stream)
        precondition(code == Z_OK, "zlib cannot start")
    }

    deinit {
        inflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// Gives `body` the decoded bytes, at most 256 KiB at a time.
    /// - Throws: `APIError` `invalid_data` for damaged bytes, `payload_too_large` past the limit;
    ///   what `body` throws.
    func feed(_ bytes: [UInt8], _ body: ([UInt8]) throws -> Void) throws {
        var bytes = bytes
        try bytes.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(input.count)
            var isFull = true
            // A full piece may mean that zlib holds more for which no new input is needed.
            while stream.pointee.avail_in > 0 || isFull {
                if isAtEnd {
                    guard stream.pointee.avail_in > 0 else { return }
                    inflateReset(stream)
                    isAtEnd = false
                }
                let decoded = try inflatePiece()
                isFull = decoded.count == Self.pieceBytes
                if decoded.isEmpty && !isAtEnd && stream.pointee.avail_in == 0 { return }
                count += decoded.count
                guard count <= bytesMax else { throw Self.tooLarge(bytesMax) }
                if !decoded.isEmpty { try body(Array(decoded)) }
            }
        }
    }

    /// - Throws: `APIError` when the body ended inside a member.
    func finish() throws {
        guard isAtEnd else {
            throw APIError(.invalidData, "the gzip body is cut off; send it again")
        }
    }

    private func inflatePiece() throws -> ArraySlice<UInt8> {
        let code = piece.withUnsafeMutableBufferPointer { output in
            stream.pointee.next_out = output.baseAddress
            stream.pointee.avail_out = UInt32(output.count)
            return inflate(stream, Z_NO_FLUSH)
        }
        switch code {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: isAtEnd = true
        default:
            throw APIError(
                .invalidData, "the body is not gzip, or damaged; nothing was stored",
                parameter: "Content-Encoding")
        }
        return piece[..<(Self.pieceBytes - Int(stream.pointee.avail_out))]
    }

    private static func tooLarge(_ bytesMax: Int) -> APIError {
        APIError(.tooLarge, "a data set may have at most \(bytesMax) bytes when decoded")
    }
}
