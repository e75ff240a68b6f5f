/// One chunk's size line up to its CR, byte by byte (RFC 9112 §7.1): 1 to 16 hex digits, then
/// extensions that match the grammar, which are checked and dropped.
struct ChunkHead: Sendable {
    enum Step: Equatable {
        case more
        /// CR came: the size is known, LF must follow.
        case ended
        case malformed
    }
    private enum State {
        case size, beforeSemicolon, beforeName, name, afterName, beforeValue, value
        case quoted, escaped, afterQuoted
    }

    private var state = State.size
    private var digits = 0
    private(set) var size: UInt64 = 0

    /// Whether the last byte belonged to an extension.
    var isInExtension: Bool { state != .size }

    mutating func take(_ byte: UInt8) -> Step {
        if state == .size { return takeSize(byte) }
        guard ByteClass.isFieldText(byte) || byte == 0x0D else { return .malformed }
        switch state {
        case .quoted: return takeQuoted(byte)
        case .escaped:
            state = .quoted
            return byte == 0x0D ? .malformed : .more
        case .beforeName: return takeStart(byte, then: .name, orQuote: false)
        case .beforeValue: return takeStart(byte, then: .value, orQuote: true)
        case .name:
            if ByteClass.isToken(byte) { return .more }
            return takeSeparator(byte, blank: .afterName, allowsEquals: true)
        case .afterName:
            if byte == 0x0D { return .malformed }
            return takeSeparator(byte, blank: .afterName, allowsEquals: true)
        case .value:
            if ByteClass.isToken(byte) { return .more }
            return takeSeparator(byte, blank: .beforeSemicolon, allowsEquals: false)
        case .beforeSemicolon:
            if byte == 0x0D { return .malformed }
            return takeSeparator(byte, blank: .beforeSemicolon, allowsEquals: false)
        default: return takeSeparator(byte, blank: .beforeSemicolon, allowsEquals: false)
        }
    }

    private mutating func takeSize(_ byte: UInt8) -> Step {
        if let digit = ByteClass.hexValue(byte) {
            guard digits < 16 else { return .malformed }
            digits += 1
            size = size << 4 | UInt64(digit)
            return .more
        }
        guard digits > 0 else { return .malformed }
        return takeSeparator(byte, blank: .beforeSemicolon, allowsEquals: false)
    }

    private mutating func takeQuoted(_ byte: UInt8) -> Step {
        switch byte {
        case UInt8(ascii: "\""): state = .afterQuoted
        case UInt8(ascii: "\\"): state = .escaped
        case 0x0D: return .malformed
        default: break
        }
        return .more
    }

    private mutating func takeStart(_ byte: UInt8, then next: State, orQuote: Bool) -> Step {
        if ByteClass.isBlank(byte) { return .more }
        if ByteClass.isToken(byte) {
            state = next
            return .more
        }
        guard orQuote, byte == UInt8(ascii: "\"") else { return .malformed }
        state = .quoted
        return .more
    }

    private mutating func takeSeparator(
        _ byte: UInt8, blank: State, allowsEquals: Bool
    ) -> Step {
        switch byte {
        case 0x0D: return .ended
        case 0x20, 0x09: state = blank
        case UInt8(ascii: ";"): state = .beforeName
        case UInt8(ascii: "=") where allowsEquals: state = .beforeValue
        default: return .malformed
        }
        return .more
    }
}
