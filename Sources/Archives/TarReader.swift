// Reads tar archives of regular files: ustar, with the long names and sizes of pax and GNU tar. The
// archive is not trusted; what it names is handed over, never opened here.

/// What an archive cannot be.
package struct ArchiveError: Error, Sendable, Equatable {
    package var code = "bad_archive"
    /// Names the rule and the value found.
    package var message: String

    init(_ message: String) { self.message = message }
}

/// Walks the headers of an archive, given a way to read at an offset. Links, devices and folders
/// are passed over: only regular files are told of.
package struct TarReader: ~Copyable {
    package static let entriesMax = 4096
    /// Of a pax header or a GNU long name.
    private static let extensionBytesMax = 1 << 16

    /// A file and where its bytes are in the archive.
    package struct Found: Sendable, Equatable {
        package var entry: TarEntry
        package var offset: Int
    }

    private let total: Int
    private let read: (_ offset: Int, _ count: Int) throws -> [UInt8]
    private var offset = 0
    private var count = 0
    private var longName: String?
    private var longSize: Int?

    /// - Parameters:
    ///   - total: bytes of the archive.
    ///   - read: exactly the bytes asked for, all of which lie within `total`.
    package init(
        total: Int, read: @escaping (_ offset: Int, _ count: Int) throws -> [UInt8]
    ) {
        self.total = total
        self.read = read
    }

    /// Whether these first bytes of a file are an archive's.
    package static func begins(with bytes: [UInt8]) -> Bool {
        bytes.count >= TarEntry.blockBytes && Array(bytes[257..<262]) == Array("ustar".utf8)
    }

    /// The next regular file; nil at the end.
    /// - Throws: `ArchiveError`, and what `read` throws.
    package mutating func next() throws -> Found? {
        while true {
            guard total - offset >= TarEntry.blockBytes else {
                guard total == offset else {
                    throw ArchiveError("tar: it ends in the middle of a header, at byte \(total)")
                }
                return nil
            }
            let block = try read(offset, TarEntry.blockBytes)
            if block.allSatisfy({ $0 == 0 }) { return nil }
            count += 1
            guard count <= Self.entriesMax else {
                throw ArchiveError("tar: more than \(Self.entriesMax) entries")
            }
            try Self.check(block, at: offset)
            let kind = block[156]
            var size = try Self.number(block[124..<136], at: offset)
            if kind != UInt8(ascii: "x"), let longSize { size = longSize }
            let start = offset + TarEntry.blockBytes
            guard size <= total - start else {
                throw ArchiveError(
                    "tar: the entry at byte \(offset) claims \(size) bytes, \(total - start) are "
                        + "left")
            }
            // The last block's padding may have been cut off.
            offset = min(start + TarEntry.padded(size), total)
            switch kind {
            case UInt8(ascii: "0"), 0:
                let name = try longName ?? Self.name(block)
                (longName, longSize) = (nil, nil)
                return Found(entry: TarEntry(name: name, bytes: size), offset: start)
            case UInt8(ascii: "x"): try takePax(read(start, Self.bounded(size)))
            case UInt8(ascii: "L"):
                longName = Self.text(try read(start, Self.bounded(size))[...])
            default: (longName, longSize) = (nil, nil)
            }
        }
    }

    private static func check(_ block: [UInt8], at offset: Int) throws {
        guard Array(block[257..<262]) == Array("ustar".utf8),
            try number(block[148..<156], at: offset) == TarEntry.checksum(of: block)
        else {
            throw ArchiveError("tar: at byte \(offset) is no header with the right checksum")
        }
    }

    private static func bounded(_ size: Int) throws -> Int {
        guard size <= extensionBytesMax else {
            throw ArchiveError(
                "tar: an extended header of \(size) bytes, allowed are \(extensionBytesMax)")
        }
        return size
    }

    /// Octal digits between spaces and NULs, or GNU's base 256 behind a first byte of 0x80.
    private static func number(_ field: ArraySlice<UInt8>, at offset: Int) throws -> Int {
        var value = 0
        if field.first == 0x80 {
            for byte in field.dropFirst() {
                guard value < 1 << 54 else { throw ArchiveError("tar: a size beyond 2⁶² bytes") }
                value = value << 8 | Int(byte)
            }
            return value
        }
        for byte in field.drop(while: { $0 == 0x20 }).prefix(while: { $0 != 0x20 && $0 != 0 }) {
            guard (0x30...0x37).contains(byte) else {
                throw ArchiveError("tar: the header at byte \(offset) has a number that is none")
            }
            value = value << 3 | Int(byte - 0x30)
        }
        return value
    }

    private static func name(_ block: [UInt8]) throws -> String {
        let (prefix, name) = (text(block[345..<500]), text(block[0..<100]))
        return prefix.isEmpty ? name : "\(prefix)/\(name)"
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Records of the form `<length> <key>=<value>\n`.
    private mutating func takePax(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard digits.count <= 6, let length = Int(String(decoding: digits, as: UTF8.self)),
                length > digits.count + 1, length <= rest.count
            else { throw ArchiveError("tar: a malformed extended header") }
            let record = rest.prefix(length).dropFirst(digits.count + 1).dropLast()
            rest = rest.dropFirst(length)
            let key = record.prefix { $0 != UInt8(ascii: "=") }
            let value = String(decoding: record.dropFirst(key.count + 1), as: UTF8.self)
            switch String(decoding: key, as: UTF8.self) {
            case "path": longName = value
            case "size":
                guard let size = Int(value), size >= 0 else {
                    throw ArchiveError("tar: an extended size that is no number")
                }
                longSize = size
            default: break
            }
        }
    }
}
