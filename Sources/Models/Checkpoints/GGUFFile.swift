// Reads GGUF versions 2 and 3: metadata and tensor directory. The file is not trusted: every
// count, offset and shape is checked. What the metadata means is the architectures' business.

/// A tensor's place in the file. `shape` is row-major, outermost dimension first.
struct GGUFTensor {
    let name: String
    let shape: [Int]
    let type: GGUFType
    /// Bytes of the file.
    let range: Range<Int>

    var columns: Int { shape.last ?? 1 }
    var rows: Int { columns == 0 ? 0 : shape.reduce(1, *) / columns }
}

/// An open GGUF file.
final class GGUFFile {
    static let metadataCountMax = 65_536
    static let tensorCountMax = 65_536

    let file: MappedFile
    let metadata: [String: GGUFValue]
    /// Where each metadata entry lies, key and all, to copy it.
    let entries: [String: Range<Int>]
    let tensors: [String: GGUFTensor]

    /// - Throws: `bad_model` naming what is wrong with the file.
    init(_ path: String) throws {
        file = try MappedFile(path)
        var cursor = GGUFCursor(file.bytes)
        guard try cursor.integer(UInt32.self) == 0x4655_4747 else {
            throw ModelError.badModel("model file: it does not begin with GGUF; give a GGUF file")
        }
        let version = try cursor.integer(UInt32.self)
        guard version == 2 || version == 3 else {
            throw ModelError.badModel("GGUF: version \(version) is not supported, only 2 and 3")
        }
        let tensorCount = try cursor.count(of: "tensors", elementBytes: 24)
        let metadataCount = try cursor.count(of: "metadata entries", elementBytes: 13)
        guard tensorCount <= Self.tensorCountMax, metadataCount <= Self.metadataCountMax else {
            throw ModelError.badModel(
                "GGUF: \(tensorCount) tensors and \(metadataCount) metadata entries exceed the "
                    + "limits of \(Self.tensorCountMax) and \(Self.metadataCountMax)")
        }
        (metadata, entries) = try Self.readMetadata(&cursor, count: metadataCount, file)
        tensors = try Self.readDirectory(
            &cursor, count: tensorCount, alignment: try Self.alignment(metadata), file)
    }

    private static func readMetadata(
        _ cursor: inout GGUFCursor, count: Int, _ file: MappedFile
    ) throws -> (metadata: [String: GGUFValue], entries: [String: Range<Int>]) {
        var metadata: [String: GGUFValue] = [:]
        var entries: [String: Range<Int>] = [:]
        for _ in 0..<count {
            let start = cursor.offset
            let key = try cursor.string()
            let code = try cursor.integer(UInt32.self)
            let value = try GGUFValue.read(code, &cursor, file)
            guard metadata.updateValue(value, forKey: key) == nil else {
                throw ModelError.badModel("GGUF: the metadata key \(printable(key)) occurs twice")
            }
            entries[key] = start..<cursor.offset
        }
        return (metadata, entries)
    }

    private static func alignment(_ metadata: [String: GGUFValue]) throws -> Int {
        guard let value = metadata["general.alignment"] else { return 32 }
        guard case .integer(let alignment) = value, (1...65_536).contains(alignment),
            alignment & (alignment - 1) == 0
        else {
            throw ModelError.badModel(
                "GGUF: general.alignment must be a power of two up to 65536")
        }
        return alignment
    }

    private static func readDirectory(
        _ cursor: inout GGUFCursor, count: Int, alignment: Int, _ file: MappedFile
    ) throws -> [String: GGUFTensor] {
        var entries: [(name: String, shape: [Int], type: GGUFType, offset: UInt64)] = []
        for _ in 0..<count {
            let name = try cursor.string()
            let shape = try readShape(&cursor, name)
            let code = try cursor.integer(UInt32.self)
            guard let type = GGUFType(rawValue: code) else {
                throw ModelError.badModel(
                    "GGUF: tensor \(printable(name)) has type \(code), which is not supported; "
                        + "use a file of F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, "
                        + "Q5_K or Q6_K")
            }
            entries.append((name, shape, type, try cursor.integer(UInt64.self)))
        }
        let dataStart = (cursor.offset + alignment - 1) / alignment * alignment
        var tensors: [String: GGUFTensor] = [:]
        for entry in entries {
            let size = try byteCount(entry.shape, entry.type, entry.name)
            guard entry.offset % UInt64(alignment) == 0, dataStart <= file.bytes.count,
                let offset = Int(exactly: entry.offset),
                offset <= file.bytes.count - dataStart,
                size <= file.bytes.count - dataStart - offset
            else {
                throw ModelError.badModel(
                    "GGUF: tensor \(printable(entry.name)) (\(size) bytes at \(entry.offset)) "
                        + "does not lie in the file; fetch the file again")
            }
            let start = dataStart + offset
            let tensor = GGUFTensor(
                name: entry.name, shape: entry.shape, type: entry.type,
                range: start..<start + size)
            guard tensors.updateValue(tensor, forKey: entry.name) == nil else {
                throw ModelError.badModel("GGUF: tensor \(printable(entry.name)) occurs twice")
            }
        }
        try refuseOverlap(tensors.values.sorted { $0.range.lowerBound < $1.range.lowerBound })
        return tensors
    }

    private static func readShape(_ cursor: inout GGUFCursor, _ name: String) throws -> [Int] {
        let rank = try cursor.integer(UInt32.self)
        guard (1...4).contains(rank) else {
            throw ModelError.badModel(
                "GGUF: tensor \(printable(name)) has \(rank) dimensions, allowed are 1 to 4")
        }
        var shape: [Int] = []
        for _ in 0..<rank {
            let extent = try cursor.integer(UInt64.self)
            guard (1...UInt64(Int32.max)).contains(extent) else {
                throw ModelError.badModel(
                    "GGUF: tensor \(printable(name)) has the extent \(extent), "
                        + "allowed are 1 to \(Int32.max)")
            }
            shape.append(Int(extent))
        }
        return shape.reversed()
    }

    private static func byteCount(_ shape: [Int], _ type: GGUFType, _ name: String) throws -> Int {
        let columns = shape.last ?? 1
        guard columns % type.blockLength == 0 else {
            throw ModelError.badModel(
                "GGUF: tensor \(printable(name)) has rows of \(columns) values, not a multiple "
                    + "of the \(type.blockLength) in a block")
        }
        var size = columns / type.blockLength
        for factor in shape.dropLast() + [type.blockBytes] {
            let (product, overflow) = size.multipliedReportingOverflow(by: factor)
            guard !overflow else {
                throw ModelError.badModel("GGUF: tensor \(printable(name)) exceeds 2⁶³ bytes")
            }
            size = product
        }
        return size
    }

    private static func refuseOverlap(_ sorted: [GGUFTensor]) throws {
        for (first, second) in zip(sorted, sorted.dropFirst())
        where second.range.lowerBound < first.range.upperBound {
            throw ModelError.badModel(
                "GGUF: tensors \(printable(first.name)) and \(printable(second.name)) overlap")
        }
    }
}

/// A name from a file as a message may show it: cut, without control characters.
func printable(_ name: String) -> String {
    String(
        String.UnicodeScalarView(
            name.unicodeScalars.prefix(64).map { (0x20...0x7E).contains($0.value) ? $0 : "?" }))
}
