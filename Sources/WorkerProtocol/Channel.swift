import Glibc
import Synchronization

/// Whole messages over a stream socket, blocking. One thread receives; any thread sends.
package final class Channel<Incoming: Decodable, Outgoing: Encodable>: Sendable {
    package let descriptor: Int32
    private let decoder = Mutex(FrameDecoder())
    private let sending = Mutex(())

    /// Uses the descriptor, does not own it: the creator closes it.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Waits for the next message; `nil` when the peer closed the stream between two frames.
    ///
    /// - Throws: `ProtocolError`.
    package func receive() throws -> Incoming? {
        guard let payload = try receivePayload() else { return nil }
        return try MessageCoding.decode(Incoming.self, from: payload)
    }

    private func receivePayload() throws -> ArraySlice<UInt8>? {
        try decoder.withLock { decoder in
            while true {
                if let payload = try decoder.next() { return payload }
                let bytes = try SocketBytes.receive(descriptor, waiting: true) ?? []
                if bytes.isEmpty {
                    try decoder.finish()
                    return nil
                }
                decoder.append(bytes)
            }
        }
    }

    /// Writes the whole frame; frames of several threads never mix.
    ///
    /// - Throws: `ProtocolError`.
    package func send(_ message: Outgoing) throws {
        let frame = try MessageCoding.frame(message)
        try sending.withLock { _ in
            var sent = 0
            while sent < frame.count {
                sent += try SocketBytes.send(descriptor, frame[sent...], waiting: true)
            }
        }
    }
}
