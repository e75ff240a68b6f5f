/// `name: value` (RFC 9112 §5).
struct FieldLine: Sendable, Equatable {
    var name: String
    var value: String

    /// - Parameter line: without its CRLF; what no value may hold has been refused.
    /// - Throws: `HTTPError` 400 for folding, an empty or non-token name, space before the colon.
    init(_ line: Bytes) throws(HTTPError) {
        var colon = 0
        while colon < line.count, ByteClass.isToken(line[colon]) { colon &+= 1 }
        guard colon > 0, colon < line.count, line[colon] == UInt8(ascii: ":") else {
            throw HTTPError.malformed(
                "A header line must be a name of token characters, a colon and "
                    + "a value, on one line.")
        }
        var start = colon &+ 1
        var end = line.count
        while start < end, ByteClass.isBlank(line[start]) { start &+= 1 }
        name = String(decoding: line[..<colon], as: UTF8.self)
        // A credential counts to its last byte: a blank behind it makes it another one.
        if colon != 13 || !Fields.matches(name, "authorization") {
            while end > start, ByteClass.isBlank(line[end &- 1]) { end &-= 1 }
        }
        value = Self.text(Bytes(rebasing: line[start..<end]))
    }

    /// Bytes above ASCII become the scalar of the same number: unequal values stay unequal, and
    /// nothing is decoded.
    private static func text(_ bytes: Bytes) -> String {
        var union: UInt8 = 0
        for byte in bytes { union |= byte }
        if union < 0x80 { return String(decoding: bytes, as: UTF8.self) }
        var scalars = String.UnicodeScalarView()
        for byte in bytes { scalars.append(Unicode.Scalar(byte)) }
        return String(scalars)
    }
}
