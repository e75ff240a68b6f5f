import Glibc
import WorkerProtocol

/// The server's end of a worker's socket: never waits. Confined to the supervisor's thread.
struct WorkerConnection {
    let descriptor: Int32
    private var decoder = FrameDecoder()
    private var outgoing: ArraySlice<UInt8> = []

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    var wantsToWrite: Bool { !outgoing.isEmpty }

    /// The messages that arrived, and whether the stream ended.
    mutating func receive() throws -> (replies: [WorkerReply], ended: Bool) {
        var replies: [WorkerReply] = []
        while let bytes = try SocketBytes.receive(descriptor, waiting: false) {
            if bytes.isEmpty { return (replies, true) }
            decoder.append(bytes)
            while let payload = try decoder.next() {
                replies.append(try MessageCoding.decode(WorkerReply.self, from: payload))
            }
        }
        return (replies, false)
    }

    mutating func send(_ request: WorkerRequest) throws {
        outgoing += try MessageCoding.frame(request)
        try flush()
    }

    mutating func flush() throws {
        while !outgoing.isEmpty {
            let sent = try SocketBytes.send(descriptor, outgoing, waiting: false)
            if sent == 0 { return }
            outgoing = outgoing.dropFirst(sent)
        }
        outgoing = []
    }
}
