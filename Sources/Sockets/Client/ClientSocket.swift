/// The client's end of a connection, in the clear or over TLS. It waits, so it belongs on a thread
/// that may; it knows no HTTP. Confined to one thread at a time.
package final class ClientSocket {
    private let descriptor: OwnedDescriptor
    private let tls: TLSSession?

    /// Connects to the first of the host's addresses that answers, each read and write of which
    /// may take `seconds`.
    /// - Throws: `SocketError`.
    package init(host: String, port: UInt16, isSecure: Bool, seconds: Int) throws(SocketError) {
        SystemCalls.ignoreBrokenPipes()
        descriptor = OwnedDescriptor(
            try SystemCalls.connect(host, port, seconds: seconds).get())
        tls = isSecure ? try TLSSession(connecting: descriptor.raw, to: host) : nil
    }

    package func send(_ bytes: [UInt8]) throws(SocketError) {
        var sent = 0
        while sent < bytes.count {
            let transfer = bytes.withUnsafeBufferPointer {
                let rest = UnsafeBufferPointer(rebasing: $0[sent...])
                return tls?.send(rest) ?? SystemCalls.send(descriptor.raw, rest)
            }
            guard case .bytes(let count) = transfer, count > 0 else {
                throw Self.failure(transfer, "sending")
            }
            sent += count
        }
    }

    /// Some bytes, at most `countMax`; none at the end. Over TLS the end must be announced, so that
    /// nobody in between can cut an answer.
    package func receive(countMax: Int) throws(SocketError) -> [UInt8] {
        var transfer = Transfer.end
        let bytes = [UInt8](unsafeUninitializedCapacity: countMax) { buffer, count in
            transfer = tls?.receive(buffer) ?? SystemCalls.receive(descriptor.raw, buffer)
            if case .bytes(let received) = transfer { count = received }
        }
        switch transfer {
        case .bytes, .end: return bytes
        case .wouldBlock, .cutOff, .failed: throw Self.failure(transfer, "receiving")
        }
    }

    private static func failure(_ transfer: Transfer, _ doing: String) -> SocketError {
        switch transfer {
        case .wouldBlock:
            SocketError(.timedOut, "the server did not answer in time while \(doing)")
        case .failed(let code):
            SocketError(
                .connectionFailed, "the connection broke while \(doing)", systemCode: code)
        case .bytes, .end, .cutOff:
            SocketError(.connectionFailed, "the connection broke while \(doing)")
        }
    }
}
