import Glibc
import Synchronization

/// Messages for a thread that sleeps in `poll`: posting one makes `descriptor` readable.
final class Mailbox<Message: Sendable>: Sendable {
    let descriptor: Int32
    private let bell: Int32
    /// `nil` once closed.
    private let messages = Mutex<[Message]?>([])

    /// - Throws: `WorkerFailure` when the system has no descriptor left.
    init() throws {
        (descriptor, bell) = try StreamPair.make()
    }

    deinit {
        Glibc.close(descriptor)
        Glibc.close(bell)
    }

    /// False: the reader has gone, nobody will see it.
    @discardableResult
    func post(_ message: Message) -> Bool {
        let count = messages.withLock { messages in
            messages?.append(message)
            return messages?.count
        }
        guard let count else { return false }
        guard count == 1 else { return true }
        var byte: UInt8 = 1
        // A full pair means that the reader is awake already.
        _ = send(bell, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        return true
    }

    func take() -> [Message] {
        var bytes = [UInt8](repeating: 0, count: 64)
        while recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT)) == bytes.count {}
        return messages.withLock { messages in
            guard let taken = messages else { return [] }
            messages = []
            return taken
        }
    }

    /// What nobody took; later posts are refused.
    func close() -> [Message] {
        messages.withLock { messages in
            defer { messages = nil }
            return messages ?? []
        }
    }
}
