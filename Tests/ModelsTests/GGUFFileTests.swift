import TestSupport
import Testing

@testable import Models

@Suite("GGUF files")
struct GGUFFileTests {
    private func open(_ bytes: [UInt8]) throws -> GGUFFile {
        let folder = try TemporaryFolder()
        return try GGUFFile(try folder.write(bytes))
    }

    private func message(_ bytes: [UInt8]) -> String {
        do {
            _ = try open(bytes)
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    private func values(_ file: GGUFFile, _ name: String) throws -> [Float] {
        let tensor = try #require(file.tensors[name])
        let count = tensor.shape.reduce(1, *)
        return [Float](unsafeUninitializedCapacity: count) { buffer, initialised in
            guard let target = buffer.baseAddress, let base = file.file.bytes.baseAddress else {
                return
            }
            tensor.type.dequantise(base + tensor.range.lowerBound, target, count: count)
            initialised = count
        }
    }

    private func half(_ value: Float16) -> [UInt8] { GGUFBuilder.bytes(value.bitPattern) }

    @Test("arrays that take more memory than any vocabulary are refused before they are read")
    func largeArrays() throws {
        let count = GGUFCursor.elementsMax / 2 + 1
        func array(_ key: String) -> [UInt8] {
            GGUFBuilder.bytes(UInt64(key.utf8.count)) + Array(key.utf8)
                + GGUFBuilder.bytes(UInt32(9)) + GGUFBuilder.bytes(UInt32(0))
                + GGUFBuilder.bytes(UInt64(count)) + [UInt8](repeating: 0, count: count)
        }
        let header =
            Array("GGUF".utf8) + GGUFBuilder.bytes(UInt32(3)) + GGUFBuilder.bytes(UInt64(0))
            + GGUFBuilder.bytes(UInt64(2))
        #expect(message(header + array("a") + array("b")).contains("array elements up to byte"))
    }

    @Test("every storage type gives the values computed by hand", arguments: [2, 3] as [UInt32])
    func types(version: UInt32) throws {
        var builder = GGUFBuilder()
        builder.version = version
        let nibbles = (0..<16).map { UInt8($0 | (15 - $0) << 4) }
        builder.add("f32", [2, 2], [1, -2, 0.5, 3.5])
        builder.add(
            "f16", [4], type: 1, half(1.5) + half(-65504) + half(6e-8) + half(-.infinity))
        builder.add("bf16", [2], type: 30, [0x80, 0x3F, 0x20, 0xC1])
        builder.add("q4_0", [1, 32], type: 2, half(0.5) + nibbles)
        builder.add("q4_1", [1, 32], type: 3, half(0.5) + half(-3) + nibbles)
        builder.add(
            "q8_0", [1, 32], type: 8,
            half(0.25) + (0..<32).map { UInt8(bitPattern: Int8($0 * 8 - 128)) })
        let file = try open(builder.build())
        #expect(try values(file, "f32") == [1, -2, 0.5, 3.5])
        #expect(try values(file, "f16") == [1.5, -65504, Float(Float16(6e-8)), -.infinity])
        #expect(try values(file, "bf16") == [1, -10])
        let ascending = (0..<16).map { Float($0) } + (0..<16).map { Float(15 - $0) }
        #expect(try values(file, "q4_0") == ascending.map { 0.5 * ($0 - 8) })
        #expect(try values(file, "q4_1") == ascending.map { 0.5 * $0 - 3 })
        #expect(try values(file, "q8_0") == (0..<32).map { 0.25 * Float($0 * 8 - 128) })
        #expect(file.tensors["f32"]?.shape == [2, 2])
    }

    @Test("half precision converts exactly, all 65536 of them")
    func halves() {
        for bits in UInt16.min...UInt16.max {
            let expected = Float(Float16(bitPattern: bits))
            let found = float(half: bits)
            guard found.bitPattern == expected.bitPattern || (found.isNaN && expected.isNaN) else {
                Issue.record("\(bits) gives \(found), not \(expected)")
                return
            }
        }
    }

    private var whole: GGUFBuilder {
        var builder = GGUFBuilder()
        builder.set("a", "text")
        builder.set("b", 7)
        builder.set("c", ["x", "yz"])
        builder.set("d", [1, 2, 3] as [Int32])
        builder.add("t", [2, 32], (0..<64).map { Float($0) })
        return builder
    }

    @Test("metadata of all kinds is read")
    func metadata() throws {
        var builder = whole
        builder.setRaw("flag", GGUFBuilder.bytes(UInt32(7)) + [1])
        builder.setRaw("long", GGUFBuilder.bytes(UInt32(11)) + GGUFBuilder.bytes(Int64(-5)))
        let file = try open(builder.build())
        #expect(file.string("a") == "text")
        #expect(try file.integer("b", in: 0...9) == 7)
        #expect(try file.integer("long", in: -9...0) == -5)
        #expect(try file.strings("c").count == 2)
        #expect(throws: ModelError.self) { try file.integer("b", in: 8...9) }
        #expect(throws: ModelError.self) { try file.integer("missing", in: 0...9) }
    }

    @Test("a file cut anywhere is refused, never read past its end")
    func truncated() throws {
        let bytes = whole.build()
        let folder = try TemporaryFolder()
        for count in 0..<bytes.count {
            let path = try folder.write(Array(bytes[..<count]))
            #expect(throws: ModelError.self) { try GGUFFile(path) }
        }
    }

    @Test("any byte changed gives a file or an error, never a crash")
    func changed() throws {
        let bytes = whole.build()
        let folder = try TemporaryFolder()
        for index in 0..<bytes.count - 256 {
            for value in [0, 0x7F, 0xFF] as [UInt8] {
                var changed = bytes
                changed[index] = value
                _ = try? GGUFFile(try folder.write(changed))
            }
        }
    }

    @Test("absurd counts and sizes are refused by name")
    func absurd() {
        var builder = whole
        #expect(message(builder.build(tensorCount: .max)).contains("tensors"))
        #expect(message(Array("GGML".utf8) + [3, 0, 0, 0]).contains("GGUF"))
        builder.version = 1
        #expect(message(builder.build()).contains("version 1"))
        builder = whole
        builder.setRaw(
            "s",
            GGUFBuilder.bytes(UInt32(9)) + GGUFBuilder.bytes(UInt32(8))
                + GGUFBuilder.bytes(UInt64.max))
        #expect(message(builder.build()).contains("strings"))
        builder = whole
        builder.setRaw("n", GGUFBuilder.bytes(UInt32(9)) + GGUFBuilder.bytes(UInt32(9)) + [0])
        #expect(message(builder.build()).contains("type 9"))
        builder = whole
        builder.set("a", "again")
        #expect(message(builder.build()).contains("twice"))
        builder = whole
        builder.set("general.alignment", 24)
        #expect(message(builder.build()).contains("power of two"))
    }

    @Test("tensors that overflow, overlap, leave the file or have unknown types are refused")
    func tensors() {
        var builder = GGUFBuilder()
        let big = Int(Int32.max)
        builder.add("t", [big, big, big, big], type: 0, [])
        #expect(message(builder.build()).contains("2⁶³"))
        builder = GGUFBuilder()
        builder.add("t", [Int.max], type: 0, [])
        #expect(message(builder.build()).contains("extent"))
        builder = GGUFBuilder()
        builder.add("t", [1, 33], type: 3, [UInt8](repeating: 0, count: 64))
        #expect(message(builder.build()).contains("32 in a block"))
        builder = GGUFBuilder()
        builder.add("t", [32], type: 16, [UInt8](repeating: 0, count: 64))
        #expect(message(builder.build()).contains("type 16"))
        builder = GGUFBuilder()
        builder.add("t", [8], [Float](repeating: 0, count: 8))
        builder.add("u", [8], [Float](repeating: 0, count: 8))
        #expect(message(builder.build(offsets: [0, 0])).contains("overlap"))
        #expect(message(builder.build(offsets: [0, 4])).contains("does not lie"))
        #expect(message(builder.build(offsets: [0, 1 << 62])).contains("does not lie"))
        #expect(message(builder.build()) == "accepted")
    }
}
