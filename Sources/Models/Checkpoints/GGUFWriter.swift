// Writes GGUF version 3: metadata entries, then tensors, in one pass. What the metadata says is its
// caller's business.

import Glibc
import Tensor

/// How a GGUF file keeps matrices; norms and biases are always float32, as llama.cpp wants them.
package enum GGUFMatrixType: String, Sendable, CaseIterable {
    case f32 = "F32"
    case f16 = "F16"
    case q8 = "Q8_0"

    var stored: GGUFType {
        switch self {
        case .f32: .f32
        case .f16: .f16
        case .q8: .q8
        }
    }

    /// `general.file_type`.
    var fileType: Int {
        switch self {
        case .f32: 0
        case .f16: 1
        case .q8: 7
        }
    }
}

struct GGUFWriter {
    private static let alignment = 32

    /// A tensor and how it is kept.
    struct Item {
        let name: String
        let shape: [Int]
        let type: GGUFType
        /// Values of one row of the file, by its number.
        let row: (Int) -> UnsafePointer<Float>

        var columns: Int { shape.last ?? 1 }
        var rows: Int { shape.dropLast().reduce(1, *) }
        var rowBytes: Int { columns / type.blockLength * type.blockBytes }
    }

    /// Writes durably.
    /// - Throws: `io` or `out_of_space`; nothing is left behind then.
    static func write(_ path: String, metadata: GGUFMetadata, items: [Item]) throws {
        var header = GGUFBytes()
        header.append(raw: Array("GGUF".utf8))
        header.append(UInt32(3))
        header.append(UInt64(items.count))
        header.append(UInt64(metadata.entries.count))
        for entry in metadata.entries { header.append(raw: entry) }
        var offset = 0
        for item in items {
            header.append(item.name)
            header.append(UInt32(item.shape.count))
            for extent in item.shape.reversed() { header.append(UInt64(extent)) }
            header.append(item.type.rawValue)
            header.append(UInt64(offset))
            offset += padded(item.rows * item.rowBytes)
        }
        header.append(raw: [UInt8](repeating: 0, count: padding(header.bytes.count)))

        var file = try DurableFile(path)
        try header.bytes.withUnsafeBytes { try file.write($0) }
        for item in items {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(padded(item.rows * item.rowBytes))
            for row in 0..<item.rows {
                item.type.quantise(item.row(row), count: item.columns, into: &bytes)
            }
            bytes += [UInt8](repeating: 0, count: padding(bytes.count))
            try bytes.withUnsafeBytes { try file.write($0) }
        }
        try file.commit()
    }

    private static func padding(_ count: Int) -> Int { padded(count) - count }
    private static func padded(_ count: Int) -> Int {
        (count + alignment - 1) / alignment * alignment
    }
}

/// Little-endian numbers and strings with their length before them.
struct GGUFBytes {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }

    mutating func append(_ text: String) {
        append(UInt64(text.utf8.count))
        bytes += text.utf8
    }

    mutating func append(raw: [UInt8]) { bytes += raw }
}
