package import Tensor

/// An open safetensors file. It is not trusted: offsets, shapes and sizes are checked on opening.
package final class SafetensorsFile {
    package let metadata: [String: String]

    private struct Entry {
        let dtype: String
        let shape: [Int]
        let range: Range<Int>
    }

    /// Bytes of a value by dtype; only those of `GGUFType` are read, the others are buffers.
    private static let valueBytes = [
        "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8,
        "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
    ]

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
        let header = try SafetensorsHeader(
            UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart]))
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

    /// A tensor as it lies in the file.
    package func stored(_ name: String) -> StoredTensor {
        guard let entry = entries[name] else { preconditionFailure("no tensor of this name") }
        return StoredTensor(
            name: name, dtype: entry.dtype, shape: entry.shape,
            bytes: UnsafeRawBufferPointer(rebasing: file.bytes[entry.range]), owner: self)
    }

    /// Copies a tensor (F32, F16, BF16 converted) into host memory of the right size.
    /// - Parameter transposed: the file has the matrix with rows and columns exchanged.
    /// - Throws: `bad_model` when it is missing, has another shape or is not of these types.
    package func read(_ name: String, into tensor: Tensor, transposed: Bool = false) throws {
        guard transposed, tensor.shape.count == 2 else { return try read(name, straight: tensor) }
        let (rows, columns) = (tensor.shape[0], tensor.shape[1])
        let stored = Tensor([columns, rows], backend: tensor.backend)
        try read(name, straight: stored)
        for row in 0..<rows {
            for column in 0..<columns {
                tensor.pointer[row * columns + column] = stored.pointer[column * rows + row]
            }
        }
    }

    private func read(_ name: String, straight tensor: Tensor) throws {
        guard let entry = entries[name] else {
            throw ModelError.badModel("safetensors: tensor \(printable(name)) is missing")
        }
        guard entry.shape == tensor.shape else {
            throw ModelError.badModel(
                "safetensors: tensor \(printable(name)) has shape \(entry.shape), needed is "
                    + "\(tensor.shape)")
        }
        let type = try Self.type(of: entry, name)
        guard let base = file.bytes.baseAddress else { return }
        type.dequantise(base + entry.range.lowerBound, tensor.pointer, count: tensor.count)
    }

    /// - Throws: `bad_model` where the tensor's values are not of a type that is read.
    func checkType(_ name: String) throws {
        if let entry = entries[name] { _ = try Self.type(of: entry, name) }
    }

    private static func type(of entry: Entry, _ name: String) throws -> GGUFType {
        let types: [String: GGUFType] = ["F32": .f32, "F16": .f16, "BF16": .bf16]
        guard let type = types[entry.dtype] else {
            throw ModelError.badModel(
                "safetensors: tensor \(printable(name)) has dtype \(entry.dtype), read are F32, "
                    + "F16 and BF16")
        }
        return type
    }

    private static func order(_ range: Range<Int>) -> (Int, Int) {
        (range.lowerBound, range.upperBound)
    }

    private static func check(
        _ entry: SafetensorsHeader.Entry, _ name: String, dataStart: Int, dataBytes: Int
    ) throws -> Entry {
        guard var size = valueBytes[entry.dtype] else {
            throw ModelError.badModel(
                "safetensors: tensor \(printable(name)) has the unknown dtype "
                    + printable(entry.dtype))
        }
        for extent in entry.shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else {
                throw ModelError.badModel(
                    "safetensors: the shape of tensor \(printable(name)) does not multiply")
            }
            size = product
        }
        let (begin, end) = entry.range
        guard begin >= 0, begin <= end, end <= dataBytes, end - begin == size else {
            throw ModelError.badModel(
                "safetensors: the offsets [\(begin), \(end)] of tensor \(printable(name)) do "
                    + "not hold \(size) bytes of the file's \(dataBytes)")
        }
        return Entry(
            dtype: entry.dtype, shape: entry.shape,
            range: dataStart + begin..<dataStart + end)
    }
}
