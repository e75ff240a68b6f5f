extension JSONParser {
    /// A string, from its opening quote to past its closing one.
    mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        try skipPlain()
        if bytes[position] == UInt8(ascii: "\"") {
            let text = String(
                decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
            position += 1
            return text
        }
        return try escapedString(from: start)
    }

    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        unescaped.removeAll(keepingCapacity: true)
        var run = start
        while true {
            unescaped.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[run..<position]))
            if bytes[position] == UInt8(ascii: "\"") {
                position += 1
                return String(decoding: unescaped, as: UTF8.self)
            }
            try escape()
            run = position
            try skipPlain()
        }
    }

    /// Moves to the next quote or backslash, checking what lies between.
    private mutating func skipPlain() throws(JSONError) {
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
            if byte < 0x20 {
                throw JSONError(
                    .controlCharacter, at: position, "control character inside a string")
            }
            if byte < 0x80 {
                position += 1
            } else {
                let length = utf8SequenceLength(bytes, at: position)
                guard length > 0 else {
                    throw JSONError(.invalidUTF8, at: position, "invalid UTF-8")
                }
                position += length
            }
        }
        throw JSONError(.unexpectedEnd, at: position, "the input ends inside a string")
    }

    private mutating func escape() throws(JSONError) {
        let start = position
        position += 1
        let byte = try peek()
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(byte)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"): try unicodeEscape(from: start)
        default: throw JSONError(.invalidEscape, at: start, "unknown escape")
        }
    }

    private mutating func unicodeEscape(from start: Int) throws(JSONError) {
        var code = try hexadecimal(from: start)
        if (0xDC00...0xDFFF).contains(code) { throw loneSurrogate(start) }
        if (0xD800...0xDBFF).contains(code) {
            guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            else { throw loneSurrogate(start) }
            position += 2
            let low = try hexadecimal(from: position - 2)
            guard (0xDC00...0xDFFF).contains(low) else { throw loneSurrogate(start) }
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw loneSurrogate(start) }
        unescaped.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    private func loneSurrogate(_ start: Int) -> JSONError {
        JSONError(.loneSurrogate, at: start, "half of a surrogate pair")
    }

    private mutating func hexadecimal(from start: Int) throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch try peek() {
            case let byte where byte >= 0x30 && byte <= 0x39: digit = byte - 0x30
            case let byte where byte | 0x20 >= 0x61 && byte | 0x20 <= 0x66:
                digit = (byte | 0x20) - 0x61 + 10
            default: throw JSONError(.invalidEscape, at: start, "`\\u` without four hex digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}

/// The length of the well-formed UTF-8 sequence that starts at `position` (Unicode table 3-7);
/// 0 when there is none.
func utf8SequenceLength(_ bytes: UnsafeRawBufferPointer, at position: Int) -> Int {
    let first = bytes[position]
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch first {
    case 0x00...0x7F: return 1
    case 0xC2...0xDF: length = 2
    case 0xE0:
        length = 3
        second = 0xA0...0xBF
    case 0xED:
        length = 3
        second = 0x80...0x9F
    case 0xE1...0xEF: length = 3
    case 0xF0:
        length = 4
        second = 0x90...0xBF
    case 0xF1...0xF3: length = 4
    case 0xF4:
        length = 4
        second = 0x80...0x8F
    default: return 0
    }
    guard position + length <= bytes.count, second.contains(bytes[position + 1]) else { return 0 }
    for index in 2..<max(length, 2) where bytes[position + index] & 0xC0 != 0x80 { return 0 }
    return length
}
