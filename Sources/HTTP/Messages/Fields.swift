/// Field lines in order. Names compare case-insensitively (ASCII).
///
/// A value cannot hold CR, LF or NUL: they become spaces (RFC 9110 §5.5). A name that is no token
/// is not added.
package struct Fields: Sendable, Equatable {
    package struct Line: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    /// The lines, in the order in which they came or were added.
    package private(set) var lines: [Line] = []

    package init() {}

    /// The first value of that name. Setting replaces every line of the name, nil removes them.
    package subscript(_ name: String) -> String? {
        get {
            for index in lines.indices where Self.matches(lines[index].name, name) {
                return lines[index].value
            }
            return nil
        }
        set {
            if lines.contains(where: { Self.matches($0.name, name) }) {
                lines.removeAll { Self.matches($0.name, name) }
            }
            if let newValue { append(name, newValue) }
        }
    }

    /// Every value of that name, in order.
    package func values(of name: String) -> [String] {
        lines.filter { Self.matches($0.name, name) }.map(\.value)
    }

    /// Adds a line after the others.
    package mutating func append(_ name: String, _ value: String) {
        guard !name.isEmpty, Self.all(name, ByteClass.isToken) else { return }
        let isClean = Self.all(value) { $0 != 0x0D && $0 != 0x0A && $0 != 0 }
        lines.append(Line(name: name, value: isClean ? value : Self.cleaned(value)))
    }

    /// Adds a line whose bytes the parser has checked.
    mutating func appendChecked(_ name: String, _ value: String) {
        lines.append(Line(name: name, value: value))
    }

    mutating func reserve(_ count: Int) { lines.reserveCapacity(count) }

    private static func cleaned(_ value: String) -> String {
        let bytes = value.utf8.map { $0 == 0x0D || $0 == 0x0A || $0 == 0 ? 0x20 : $0 }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Over contiguous bytes: iterating a string's view costs several times as much.
    @inline(__always)
    private static func all(_ text: String, _ isAllowed: (UInt8) -> Bool) -> Bool {
        text.utf8.withContiguousStorageIfAvailable { $0.allSatisfy(isAllowed) }
            ?? text.utf8.allSatisfy(isAllowed)
    }

    static func matches(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        if left == right { return true }
        let isEqual = left.utf8.withContiguousStorageIfAvailable { left in
            right.utf8.withContiguousStorageIfAvailable { right in
                left.indices.allSatisfy {
                    ByteClass.lowercased(left[$0]) == ByteClass.lowercased(right[$0])
                }
            }
        }
        if let isEqual = isEqual ?? nil { return isEqual }
        var other = right.utf8.makeIterator()
        for one in left.utf8 {
            guard let byte = other.next(), ByteClass.lowercased(one) == ByteClass.lowercased(byte)
            else { return false }
        }
        return true
    }
}
