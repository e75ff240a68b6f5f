/// Reads little-endian values in order; every read is checked against the end of the file.
struct GGUFCursor {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset: Int
    /// Of all arrays together: they take several times their bytes in memory.
    static let elementsMax = 1 << 25
    private var elements = 0

    init(_ bytes: UnsafeRawBufferPointer, offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    var remaining: Int { bytes.count - offset }

    mutating func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
        let size = MemoryLayout<T>.size
        guard remaining >= size else { throw truncated() }
        let value = bytes.loadUnaligned(fromByteOffset: offset, as: T.self)
        offset += size
        return T(littleEndian: value)
    }

    /// A count that claims elements of at least `elementBytes` each: more than fit the rest of
    /// the file is refused before anything is allocated.
    mutating func count(of what: String, elementBytes: Int) throws -> Int {
        let value = try integer(UInt64.self)
        guard value <= UInt64(remaining / elementBytes) else {
            throw ModelError.badModel(
                "GGUF: it claims \(value) \(what) at byte \(offset - 8), more than the file holds; "
                    + "fetch the file again")
        }
        return Int(value)
    }

    /// The count of an array's elements, which are kept in memory.
    mutating func elementCount(of what: String, elementBytes: Int) throws -> Int {
        let count = try count(of: what, elementBytes: elementBytes)
        elements += count
        guard elements <= Self.elementsMax else {
            throw ModelError.badModel(
                "GGUF: \(elements) array elements up to byte \(offset), at most "
                    + "\(Self.elementsMax) are allowed")
        }
        return count
    }

    /// The byte range of a length-prefixed string.
    mutating func stringRange() throws -> Range<Int> {
        let length = try count(of: "string bytes", elementBytes: 1)
        let range = offset..<offset + length
        offset += length
        return range
    }

    mutating func string() throws -> String {
        let range = try stringRange()
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw ModelError.badModel("GGUF: the string at byte \(range.lowerBound) is not UTF-8")
        }
        return text
    }

    private func truncated() -> ModelError {
        ModelError.badModel(
            "GGUF: the file ends at byte \(bytes.count), in the middle of its header; "
                + "fetch the file again")
    }
}
