/// Why bytes are not the JSON that is accepted here, and where. Holds none of the input.
package struct JSONError: Error, Sendable, Equatable {
    package enum Code: String, Sendable {
        case byteOrderMark = "byte_order_mark"
        case controlCharacter = "control_character"
        case duplicateName = "duplicate_name"
        case empty
        case invalidEscape = "invalid_escape"
        case invalidNumber = "invalid_number"
        case invalidUTF8 = "invalid_utf8"
        case loneSurrogate = "lone_surrogate"
        case numberOutOfRange = "number_out_of_range"
        case tooDeep = "too_deep"
        case trailingBytes = "trailing_bytes"
        case unexpectedByte = "unexpected_byte"
        case unexpectedEnd = "unexpected_end"
    }

    package var code: Code
    /// Byte offset from the start of the input.
    package var offset: Int
    /// One sentence part: "duplicate member name at byte 17".
    package var message: String

    init(_ code: Code, at offset: Int, _ reason: String) {
        self.code = code
        self.offset = offset
        self.message = "\(reason) at byte \(offset)"
    }
}
