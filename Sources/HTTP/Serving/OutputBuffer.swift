/// Bytes on their way to one client.
struct OutputBuffer {
    private(set) var bytes: [UInt8] = []
    private var sent = 0

    /// Bytes still to send.
    var count: Int { bytes.count - sent }
    var isEmpty: Bool { count == 0 }

    /// Appends through `write`.
    mutating func append(_ write: (inout [UInt8]) -> Void) { write(&bytes) }

    func withUnsent<Result>(_ body: (Bytes) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { body(Bytes(rebasing: $0[sent...])) }
    }

    /// Drops what was sent. Large storage is given back once it is empty.
    mutating func didSend(_ count: Int) {
        sent += count
        if sent >= bytes.count {
            bytes.removeAll(keepingCapacity: bytes.capacity <= 16 * 1024)
            sent = 0
        } else if sent > 64 * 1024, sent > bytes.count / 2 {
            bytes.removeFirst(sent)
            sent = 0
        }
    }
}
