import Archives
import Foundation
import TestSupport
import Testing

@Suite("Tar archives")
struct TarTests {
    private func list(_ bytes: [UInt8]) throws -> [TarReader.Found] {
        var reader = TarReader(total: bytes.count) { Array(bytes[$0..<$0 + $1]) }
        var found: [TarReader.Found] = []
        while let next = try reader.next() { found.append(next) }
        return found
    }

    private func refusal(_ bytes: [UInt8]) -> String {
        do {
            _ = try list(bytes)
            return "accepted"
        } catch { return (error as? ArchiveError)?.message ?? "\(error)" }
    }

    private func archive(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let padding = TarEntry.padded(content.count) - content.count
        return TarEntry(name: name, bytes: content.count).header + content
            + [UInt8](repeating: 0, count: padding)
    }

    private let end = [UInt8](repeating: 0, count: 1024)

    @Test("what is written is read, larger than octal fields can say too")
    func roundTrip() throws {
        let bytes = archive("a/b.txt", Array("hello".utf8)) + archive("empty", []) + end
        #expect(
            try list(bytes).map(\.entry) == [
                TarEntry(name: "a/b.txt", bytes: 5), TarEntry(name: "empty", bytes: 0),
            ])
        #expect(try list(bytes)[0].offset == 512)
        #expect(TarReader.begins(with: bytes) && !TarReader.begins(with: end))
        let deep =
            "\(String(repeating: "m", count: 64))/adapters/\(String(repeating: "t", count: 64))/x"
        #expect(try list(archive(deep, [1]) + end).map(\.entry.name) == [deep])
        // 9 GiB: only the header is here, so the reader says how much is missing.
        let large = TarEntry(name: "large", bytes: 9 << 30).header
        #expect(refusal(large).contains("claims \(9 << 30) bytes, 0 are left"))
    }

    /// GNU tar and Python's tarfile write long names and folders, each in its own way.
    @Test("archives of GNU tar in its three formats are read", arguments: ["gnu", "pax", "ustar"])
    func foreign(format: String) async throws {
        let folder = try TemporaryFolder()
        let long = String(repeating: "long-", count: 12)
        let file = "\(long)/\(long)name.txt"
        try FileManager.default.createDirectory(
            atPath: folder.file(long), withIntermediateDirectories: true)
        try Data("hello".utf8).write(to: URL(fileURLWithPath: folder.file(file)))
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("\(long)/link"), withDestinationPath: "/etc/passwd")
        let archive = folder.file("x.tar")
        let path = folder.path
        _ = try await onThread {
            let tar = Process()
            tar.executableURL = URL(fileURLWithPath: "/bin/tar")
            tar.arguments = ["-C", path, "--format", format, "-cf", archive, long]
            try tar.run()
            tar.waitUntilExit()
        }
        let bytes = [UInt8](FileManager.default.contents(atPath: archive) ?? Data())
        let found = try list(bytes)
        #expect(found.map(\.entry) == [TarEntry(name: file, bytes: 5)])
        let offset = try #require(found.first?.offset)
        #expect(Array(bytes[offset..<offset + 5]) == Array("hello".utf8))
    }

    @Test("what is no archive is refused with the place")
    func hostile() {
        var broken = archive("a", [1])
        broken[3] ^= 1
        #expect(refusal(broken).contains("right checksum"))
        #expect(refusal(Array(archive("a", [1]).prefix(700))).isEmpty == false)
        #expect(refusal(Array(archive("a", [1]).prefix(100))).contains("in the middle"))
        var many: [UInt8] = []
        for _ in 0...TarReader.entriesMax { many += archive("a", []) }
        #expect(refusal(many).contains("more than"))
        // A pax record that claims more than its header holds.
        var header = TarEntry(name: "x", bytes: 20).header
        header[156] = UInt8(ascii: "x")
        let sum = header.enumerated().reduce(0) {
            $0 + Int((148..<156).contains($1.offset) ? 0x20 : $1.element)
        }
        for (index, byte) in String(sum, radix: 8).utf8.reversed().enumerated() {
            header[153 - index] = byte
        }
        let pax = header + Array("999999 path=../../etc".utf8.prefix(20))
        #expect(refusal(pax + [UInt8](repeating: 0, count: 492) + end).contains("malformed"))
    }

    @Test("any bytes changed give entries or an error, never a trap")
    func mutations() {
        let good = archive("a/b", [UInt8](repeating: 7, count: 600)) + archive("c", [1]) + end
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            _ = refusal(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))))
        }
    }
}
