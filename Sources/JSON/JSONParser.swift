// Recursive descent over bytes; the depth limit bounds the recursion. Strings and numbers are in
// their own files.

struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    let depthMax: Int
    var position = 0
    var depth = 0
    /// Reused for strings with escapes.
    var unescaped: [UInt8] = []

    init(_ bytes: UnsafeRawBufferPointer, depthMax: Int) {
        self.bytes = bytes
        self.depthMax = depthMax
    }

    mutating func document() throws(JSONError) -> JSON {
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            throw JSONError(.byteOrderMark, at: 0, "byte order mark")
        }
        skipSpace()
        guard position < bytes.count else {
            throw JSONError(.empty, at: position, "no JSON value")
        }
        let value = try value()
        skipSpace()
        guard position == bytes.count else {
            throw JSONError(.trailingBytes, at: position, "bytes after the JSON value")
        }
        return value
    }

    mutating func value() throws(JSONError) -> JSON {
        switch try peek() {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: throw unexpected("a value")
        }
    }

    private mutating func array() throws(JSONError) -> JSON {
        try descend()
        var elements: [JSON] = []
        skipSpace()
        if try peek() == UInt8(ascii: "]") {
            ascend()
            return .array(elements)
        }
        while true {
            skipSpace()
            elements.append(try value())
            skipSpace()
            switch try peek() {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "]"):
                ascend()
                return .array(elements)
            default: throw unexpected("`,` or `]`")
            }
        }
    }

    private mutating func object() throws(JSONError) -> JSON {
        try descend()
        var members: [(name: String, value: JSON)] = []
        var offsets: [Int] = []
        skipSpace()
        if try peek() == UInt8(ascii: "}") {
            ascend()
            return .object([:])
        }
        while true {
            skipSpace()
            offsets.append(position)
            guard try peek() == UInt8(ascii: "\"") else { throw unexpected("a member name") }
            let name = try string()
            skipSpace()
            guard try peek() == UInt8(ascii: ":") else { throw unexpected("`:`") }
            position += 1
            skipSpace()
            members.append((name: name, value: try value()))
            skipSpace()
            switch try peek() {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "}"):
                ascend()
                return try finished(members, offsets)
            default: throw unexpected("`,` or `}`")
            }
        }
    }

    private func finished(
        _ members: [(name: String, value: JSON)], _ offsets: [Int]
    ) throws(JSONError) -> JSON {
        let (object, duplicate) = JSONObject.parsed(members)
        guard let object else {
            throw JSONError(
                .duplicateName, at: offsets[duplicate ?? 0], "member name used twice")
        }
        return .object(object)
    }

    private mutating func descend() throws(JSONError) {
        depth += 1
        guard depth <= depthMax else {
            throw JSONError(.tooDeep, at: position, "nesting deeper than \(depthMax)")
        }
        position += 1
    }

    private mutating func ascend() {
        depth -= 1
        position += 1
    }

    private mutating func literal(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        for index in 0..<text.utf8CodeUnitCount {
            guard try peek() == text.utf8Start[index] else { throw unexpected("a value") }
            position += 1
        }
        return value
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    func peek() throws(JSONError) -> UInt8 {
        guard position < bytes.count else {
            throw JSONError(.unexpectedEnd, at: position, "the input ends inside a value")
        }
        return bytes[position]
    }

    func unexpected(_ expected: StaticString) -> JSONError {
        JSONError(.unexpectedByte, at: position, "expected \(expected)")
    }
}
