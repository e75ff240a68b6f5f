/// Bytes on their way to one client.
struct OutputBuffer {
    private(set) var bytes: [UInt8] = []
    private var sent = 0
    /// Where pieces end that were marked and are not wholly sent, as positions in `bytes`.
    private var pieceEnds: [Int] = []

    var piecesUnsent: Int { pieceEnds.count }

    /// What was appended last is one piece of a live stream.
    mutating func markPiece() { pieceEnds.append(bytes.count) }

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
        if !pieceEnds.isEmpty {
            pieceEnds.removeFirst(pieceEnds.firstIndex { $0 > sent } ?? pieceEnds.count)
        }
        if sent >= bytes.count {
            bytes.removeAll(keepingCapacity: bytes.capacity <= 4 * 1024)
            sent = 0
        } else if sent > 64 * 1024, sent > bytes.count / 2 {
            bytes.removeFirst(sent)
            for index in pieceEnds.indices { pieceEnds[index] -= sent }
            sent = 0
        }
    }
}
