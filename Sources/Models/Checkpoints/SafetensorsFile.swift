import FoundationEssentials
package import Tensor

/// An open safetensors file. It is not trusted: offsets, shapes and sizes are checked on opening.
package final class SafetensorsFile {
    package let metadata: [String: String]

    private struct Entry {
        let dtype: GGUFType
        let shape: [Int]
        let range: Range<Int>
    }

    private let file: MappedFile
    private let entries: [String: Entry]

    /// In the order of the data.
    package let names: [String]

    /// - Throws: `bad_model` naming what is wrong with the file.
    package init(_ path: String) throws {
        file = try MappedFile(path)
        let bytes = file.bytes
        guard bytes.count >= 8 else {
            throw ModelError.badModel("safetensors: the file has only \(bytes.count) bytes")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(SafetensorsHeader.bytesMax), length <= UInt64(bytes.count - 8) else {
            throw ModelError.badModel(
                "safetensors: a header of \(length) bytes does not fit the file or the limit of "
                    + "\(SafetensorsHeader.bytesMax)")
        }
        let dataStart = 8 + Int(length)
        let header: SafetensorsHeader
        do {
            header = try JSONDecoder().decode(
                SafetensorsHeader.self, from: Data(bytes[8..<dataStart]))
        } catch {
            throw ModelError.badModel("safetensors: the header is not the JSON it must be")
        }
        metadata = header.metadata
        entries = try header.entries.reduce(into: [:]) { entries, item in
            entries[item.key] = try Self.check(
                item.value, item.key, dataStart: dataStart, dataBytes: bytes.count - dataStart)
        }
        let sorted = entries.sorted { Self.order($0.value.range) < Self.order($1.value.range) }
        var end = dataStart
        for (name, entry) in sorted {
            guard entry.range.lowerBound == end else {
                throw ModelError.badModel(
                    "safetensors: tensor \(printable(name)) overlaps another or leaves a hole")
            }
            end = entry.range.upperBound
        }
        guard end == bytes.count else {
            throw ModelError.badModel(
                "safetensors: \(bytes.count - end) bytes belong to no tensor")
        }
        names = sorted.map(\.key)
    }

    package func shape(_ name: String) -> [Int]? {
        entries[name]?.shape
    }

    /// Copies a tensor (F32, F16, BF16 converted) into host memory of the right size.
    /// - Throws: `bad_model` when it is missing or has another shape.
    package func read(_ name: String, into tensor: Tensor) throws {
        guard let entry = entries[name] else {
            throw ModelError.badModel("safetensors: tensor \(printable(name)) is missing")
        }
        guard entry.shape == tensor.shape else {
            throw ModelError.badModel(
                "safetensors: tensor \(printable(name)) has shape \(entry.shape), needed is "
                    + "\(tensor.shape)")
        }
        guard let base = file.bytes.baseAddress else { return }
        entry.dtype.dequantise(
            base + entry.range.lowerBound, tensor.pointer, count: tensor.count)
    }

    private static func order(_ range: Range<Int>) -> (Int, Int) {
        (range.lowerBound, range.upperBound)
    }

    private static func check(
        _ entry: SafetensorsHeader.Entry, _ name: String, dataStart: Int, dataBytes: Int
    ) throws -> Entry {
        let types: [String: GGUFType] = ["F32": .f32, "F16": .f16, "BF16": .bf16]
        guard let type = types[entry.dtype] else {
            throw ModelError.badModel(
                "safetensors: tensor \(printable(name)) has dtype \(printable(entry.dtype)), "
                    + "supported are F32, F16 and BF16")
        }
        var size = type.blockBytes
        for extent in entry.shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else {
                throw ModelError.badModel(
                    "safetensors: the shape of tensor \(printable(name)) does not multiply")
            }
            size = product
        }
        guard entry.dataOffsets.count == 2, entry.dataOffsets[0] >= 0,
            entry.dataOffsets[0] <= entry.dataOffsets[1], entry.dataOffsets[1] <= dataBytes,
            entry.dataOffsets[1] - entry.dataOffsets[0] == size
        else {
            throw ModelError.badModel(
                "safetensors: the offsets \(entry.dataOffsets) of tensor \(printable(name)) do "
                    + "not hold \(size) bytes of the file's \(dataBytes)")
        }
        return Entry(
            dtype: type, shape: entry.shape,
            range: dataStart + entry.dataOffsets[0]..<dataStart + entry.dataOffsets[1])
    }
}
