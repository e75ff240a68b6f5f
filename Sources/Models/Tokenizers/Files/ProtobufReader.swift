/// Walks the fields of a protocol-buffers message: as much as SentencePiece's model file needs.
struct ProtobufReader {
    enum Value {
        case integer(UInt64)
        case fixed32(UInt32)
        case bytes(Range<Int>)
    }

    private let bytes: UnsafeRawBufferPointer
    private var position: Int
    private let end: Int

    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// The next field; nil at the end of the message.
    /// - Throws: `bad_model` for lengths beyond the message, groups, and numbers that do not end.
    mutating func next() throws -> (field: Int, value: Value)? {
        guard position < end else { return nil }
        let key = try varint()
        let field = Int(key >> 3)
        guard field > 0, key >> 3 < 1 << 29 else { throw bad("field number \(key >> 3)") }
        switch key & 7 {
        case 0: return (field, .integer(try varint()))
        case 1:
            try skip(8)
            return (field, .integer(0))
        case 2:
            let count = try varint()
            guard count <= UInt64(end - position) else {
                throw bad("a length of \(count) with \(end - position) bytes left")
            }
            let begin = position
            position += Int(count)
            return (field, .bytes(begin..<position))
        case 5:
            try skip(4)
            return (
                field,
                .fixed32(
                    UInt32(
                        littleEndian: bytes.loadUnaligned(
                            fromByteOffset: position - 4, as: UInt32.self)))
            )
        default: throw bad("wire type \(key & 7)")
        }
    }

    private mutating func skip(_ count: Int) throws {
        guard count <= end - position else { throw bad("it ends inside a field") }
        position += count
    }

    private mutating func varint() throws -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < end else { throw bad("it ends inside a number") }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw bad("a number of more than ten bytes")
    }

    private func bad(_ reason: String) -> ModelError {
        ModelError.badModel("SentencePiece model: damaged at byte \(position): \(reason)")
    }
}
