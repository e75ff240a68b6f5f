// TensorBoard's event files: TFRecord framing around `Event` messages, whose few fields are encoded
// by hand (tensorflow/core/util/event.proto, framework/summary.proto).

/// A scalar at a step.
struct Scalar {
    /// What TensorBoard groups by: everything before the first slash.
    var tag: String
    var value: Float
    var step: Int64
    /// Seconds since 1970.
    var time: Double
}

enum EventRecord {
    /// The first record of a file.
    static func version(time: Double) -> [UInt8] {
        framed(fixed64(1, time.bitPattern) + bytes(3, Array("brain.Event:2".utf8)))
    }

    /// Event{wall_time, step, summary{value{tag, simple_value}}}.
    static func scalar(_ scalar: Scalar) -> [UInt8] {
        let value =
            bytes(1, Array(scalar.tag.utf8))
            + [2 << 3 | 5] + littleEndian(scalar.value.bitPattern)
        let summary = bytes(1, value)
        return framed(
            fixed64(1, scalar.time.bitPattern)
                + [2 << 3 | 0] + varint(UInt64(bitPattern: scalar.step)) + bytes(5, summary))
    }

    /// Length, its masked checksum, the data, its masked checksum; little-endian.
    static func framed(_ data: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(data.count))
        return length + littleEndian(CRC32C.masked(length)) + data
            + littleEndian(CRC32C.masked(data))
    }

    /// The whole records that a file is made of; what is cut at its end is left out.
    static func split(_ file: [UInt8]) -> [[UInt8]] {
        var records: [[UInt8]] = []
        var rest = file[...]
        while rest.count >= framingBytes {
            let length = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard length <= UInt64(rest.count - framingBytes) else { break }
            records.append(Array(rest.prefix(framingBytes + Int(length))))
            rest = rest.dropFirst(framingBytes + Int(length))
        }
        return records
    }

    private static let framingBytes = 16

    private static func fixed64(_ field: UInt8, _ value: UInt64) -> [UInt8] {
        [field << 3 | 1] + littleEndian(value)
    }

    private static func bytes(_ field: UInt8, _ value: [UInt8]) -> [UInt8] {
        [field << 3 | 2] + varint(UInt64(value.count)) + value
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, output) = (value, [UInt8]())
        while rest > 0x7F {
            output.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return output + [UInt8(rest)]
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
