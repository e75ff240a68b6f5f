// One file of a tar archive in the ustar format (POSIX.1-2017, pax, "ustar Interchange Format"). It
// knows blocks and names, neither where the bytes come from nor what they mean.

/// A regular file as an archive lists it.
package struct TarEntry: Sendable, Equatable {
    package static let blockBytes = 512
    /// An octal field of 12 holds so much; larger sizes are written in base 256, as GNU tar does.
    private static let octalSizeMax = 0o7_777_777_7777

    /// Relative, with `/` between folders: at most 100 bytes, or up to 155 more before one of them.
    package var name: String
    package var bytes: Int

    package init(name: String, bytes: Int) {
        self.name = name
        self.bytes = bytes
    }

    /// Bytes in the archive: header, content, padding.
    package var archivedBytes: Int { Self.blockBytes + Self.padded(bytes) }

    package static func padded(_ count: Int) -> Int {
        (count + blockBytes - 1) / blockBytes * blockBytes
    }

    /// The header block. Owner and time are always 0, so that equal files make equal archives.
    package var header: [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.blockBytes)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
        }
        let (prefix, last) = parts
        precondition(
            last.utf8.count <= 100 && prefix.utf8.count <= 155 && bytes >= 0,
            "a name or size that ustar cannot hold")
        put(last, at: 0)
        put(prefix, at: 345)
        put("0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        if bytes <= Self.octalSizeMax {
            put(Self.octal(bytes, digits: 11), at: 124)
        } else {
            block[124] = 0x80
            for index in 0..<8 {
                block[135 - index] = UInt8(truncatingIfNeeded: bytes >> (8 * index))
            }
        }
        put("00000000000", at: 136)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        put(Self.octal(Self.checksum(of: block), digits: 6), at: 148)
        block[155] = UInt8(ascii: " ")
        return block
    }

    /// The name cut at the first slash behind which it is short enough.
    private var parts: (prefix: String, last: String) {
        guard name.utf8.count > 100 else { return ("", name) }
        let cut = name.indices.first { index in
            name[index] == "/" && name[index...].utf8.count <= 101
        }
        guard let cut else { return ("", name) }
        return (String(name[..<cut]), String(name[name.index(after: cut)...]))
    }

    /// The sum of all bytes with the checksum's own eight taken as spaces.
    static func checksum(of block: [UInt8]) -> Int {
        block.enumerated().reduce(0) { sum, item in
            sum + Int((148..<156).contains(item.offset) ? 0x20 : item.element)
        }
    }

    private static func octal(_ value: Int, digits: Int) -> String {
        let text = String(value, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
