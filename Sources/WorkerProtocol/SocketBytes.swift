import Glibc

/// The two system calls of a stream socket, with EINTR and EAGAIN handled once.
package enum SocketBytes {
    static let pieceBytes = 1 << 16

    /// What has arrived, at most one piece; empty at the end of the stream, `nil` when nothing is
    /// there and `waiting` is false.
    ///
    /// - Throws: `io`.
    package static func receive(_ descriptor: Int32, waiting: Bool) throws -> [UInt8]? {
        let flags = waiting ? 0 : Int32(MSG_DONTWAIT)
        while true {
            var code: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: pieceBytes) { buffer, count in
                let got = recv(descriptor, buffer.baseAddress, buffer.count, flags)
                code = got < 0 ? errno : 0
                count = max(got, 0)
            }
            switch code {
            case 0: return bytes
            case EINTR: continue
            case EAGAIN: return nil
            // The peer was killed with bytes of ours unread: the stream is over, nothing more.
            case ECONNRESET: return []
            default: throw failure("recv", code)
            }
        }
    }

    /// The number of bytes taken; 0 when the socket is full and `waiting` is false.
    ///
    /// - Throws: `io`.
    package static func send(
        _ descriptor: Int32, _ bytes: ArraySlice<UInt8>, waiting: Bool
    ) throws -> Int {
        let flags =
            Int32(MSG_NOSIGNAL) | (waiting ? 0 : Int32(MSG_DONTWAIT))
        while true {
            let sent = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, flags)
            }
            if sent >= 0 { return sent }
            switch errno {
            case EINTR: continue
            case EAGAIN: return 0
            case let code: throw failure("send", code)
            }
        }
    }

    private static func failure(_ call: String, _ code: Int32) -> ProtocolError {
        ProtocolError(
            code: "io",
            message: "\(call) on a worker's socket failed: \(String(cString: strerror(code)))")
    }
}
