/// A metadata value. Integer and number types of all widths are read as one.
enum GGUFValue {
    case integer(Int)
    case number(Double)
    case bool(Bool)
    case string(String)
    case integers([Int])
    case numbers([Double])
    case strings(GGUFStrings)
}

/// An array of strings left in the file: vocabularies have 10⁵ of them.
struct GGUFStrings {
    let file: MappedFile
    let ranges: [Range<Int>]

    var count: Int { ranges.count }

    subscript(index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: file.bytes[ranges[index]])
    }
}

extension GGUFValue {
    /// Reads one value of the type that `code` names.
    static func read(_ code: UInt32, _ cursor: inout GGUFCursor, _ file: MappedFile) throws
        -> GGUFValue
    {
        switch code {
        case 6, 12: return .number(try number(code, &cursor))
        case 7: return .bool(try cursor.integer(UInt8.self) != 0)
        case 8: return .string(try cursor.string())
        case 9: return try array(&cursor, file)
        default: return .integer(try integer(code, &cursor))
        }
    }

    private static func array(_ cursor: inout GGUFCursor, _ file: MappedFile) throws -> GGUFValue {
        let element = try cursor.integer(UInt32.self)
        switch element {
        case 8:
            let count = try cursor.elementCount(of: "strings", elementBytes: 8)
            var ranges: [Range<Int>] = []
            ranges.reserveCapacity(count)
            for _ in 0..<count { ranges.append(try cursor.stringRange()) }
            return .strings(GGUFStrings(file: file, ranges: ranges))
        case 6, 12:
            let count = try cursor.elementCount(of: "numbers", elementBytes: element == 6 ? 4 : 8)
            return .numbers(try (0..<count).map { _ in try number(element, &cursor) })
        case 7:
            let count = try cursor.elementCount(of: "flags", elementBytes: 1)
            return .integers(try (0..<count).map { _ in Int(try cursor.integer(UInt8.self)) })
        default:
            let count = try cursor.elementCount(of: "integers", elementBytes: integerBytes(element))
            return .integers(try (0..<count).map { _ in try integer(element, &cursor) })
        }
    }

    private static func number(_ code: UInt32, _ cursor: inout GGUFCursor) throws -> Double {
        code == 6
            ? Double(Float(bitPattern: try cursor.integer(UInt32.self)))
            : Double(bitPattern: try cursor.integer(UInt64.self))
    }

    private static func integerBytes(_ code: UInt32) throws -> Int {
        switch code {
        case 0, 1: 1
        case 2, 3: 2
        case 4, 5: 4
        case 10, 11: 8
        default: throw ModelError.badModel("GGUF: metadata value type \(code) is not supported")
        }
    }

    private static func integer(_ code: UInt32, _ cursor: inout GGUFCursor) throws -> Int {
        switch code {
        case 0: return Int(try cursor.integer(UInt8.self))
        case 1: return Int(try cursor.integer(Int8.self))
        case 2: return Int(try cursor.integer(UInt16.self))
        case 3: return Int(try cursor.integer(Int16.self))
        case 4: return Int(try cursor.integer(UInt32.self))
        case 5: return Int(try cursor.integer(Int32.self))
        case 10:
            let value = try cursor.integer(UInt64.self)
            guard let result = Int(exactly: value) else {
                throw ModelError.badModel("GGUF: the metadata integer \(value) exceeds 63 bits")
            }
            return result
        case 11: return Int(try cursor.integer(Int64.self))
        default:
            throw ModelError.badModel("GGUF: metadata value type \(code) is not supported")
        }
    }
}
