import CPUBackend
import JSON
import TestSupport
import Testing

@testable import Models

/// A SentencePiece model written by hand, field by field. The expected ids follow from its scores.
private struct SentencePieceBuilder {
    var bytes: [UInt8] = []

    static func varint(_ value: UInt64) -> [UInt8] {
        value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
    }

    static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }

    mutating func piece(_ text: String, _ score: Float, type: UInt64 = 1) {
        let score = withUnsafeBytes(of: score.bitPattern.littleEndian) { Array($0) }
        bytes += Self.field(
            1, Self.field(1, Array(text.utf8)) + [2 << 3 | 5] + score + [3 << 3] + Self.varint(type)
        )
    }

    mutating func trainer(kind: UInt64, bytesFallBack: Bool = false) {
        bytes += Self.field(
            2, [3 << 3] + Self.varint(kind) + Self.varint(35 << 3) + [bytesFallBack ? 1 : 0])
    }
}

@Suite("SentencePiece models")
struct SentencePieceTests {
    private func unigram() -> SentencePieceBuilder {
        var builder = SentencePieceBuilder()
        builder.piece("<unk>", 0, type: 2)
        builder.piece("<s>", 0, type: 3)
        builder.piece("</s>", 0, type: 3)
        for (text, score) in [("▁", -2.0), ("a", -3), ("▁a", -4.5), ("ab", -4), ("b", -5)] {
            builder.piece(text, Float(score))
        }
        builder.piece("<x>", 0, type: 4)
        builder.trainer(kind: 1)
        return builder
    }

    /// What a tokenizer.json says of such a file is not all that it means.
    @Test(
        "a folder that has a spiece.model alone keeps it when it is packed, and when it is exported"
    )
    func packed() throws {
        let folder = try TemporaryFolder()
        try TinyFolder.write(
            [
                "model_type": "t5", "vocab_size": 16, "d_model": 8, "d_kv": 4, "d_ff": 16,
                "num_layers": 1, "num_heads": 2, "relative_attention_num_buckets": 8,
                "relative_attention_max_distance": 12,
            ], to: folder)
        _ = try folder.write(unigram().bytes, to: "spiece.model")
        let backend = CPUBackend(threads: 1)
        let original = try Model(base: folder.path, backend: backend)
        let packed = folder.file("packed.safetensors")
        try HuggingFaceModel(folder: folder.path).pack(to: packed)
        let model = try Model(base: packed, backend: backend)
        try model.export(to: folder.file("out"))
        let expected = original.tokenizer.encode("ab  a\u{FB01}").ids
        #expect(model.tokenizer.encode("ab  a\u{FB01}").ids == expected && !expected.isEmpty)
        let exported = try MappedFile(folder.file("out/spiece.model"))
        #expect(Array(exported.bytes) == unigram().bytes)
        #expect(try Model(base: folder.file("out"), backend: backend).tokenizer.special.eos == 2)
    }

    private func load(_ builder: SentencePieceBuilder) throws -> PipelineTokenizer {
        try builder.bytes.withUnsafeBytes { try SentencePieceFile.parse($0).tokenizer() }
    }

    @Test("of all ways to write a text the best-scored is taken; spaces are trimmed and joined")
    func unigrams() throws {
        let tokenizer = try load(unigram())
        #expect(tokenizer.encode("ab  a ", parseSpecial: false) == [3, 6, 5])
        #expect(tokenizer.encode("  ", parseSpecial: false) == [])
        #expect(tokenizer.encode("a日本b", parseSpecial: false) == [5, 0, 7])
        #expect(tokenizer.encode("a<x>", parseSpecial: false) == [5, 8])
        #expect(tokenizer.encode("</s>", parseSpecial: true) == [2])
        #expect(tokenizer.encode("</s>", parseSpecial: false) == [3, 0])
        #expect(tokenizer.decode([3, 6, 5]) == "ab a")
        #expect(tokenizer.encode("ab  a ").offsets == [0..<1, 0..<2, 2..<5])
        #expect(tokenizer.special.eos == 2 && tokenizer.special.unk == 0)
    }

    @Test("pairs merge by score, equals from the left, and what has no token becomes bytes")
    func pairs() throws {
        var builder = SentencePieceBuilder()
        builder.piece("<unk>", 0, type: 2)
        for byte in UInt8(0)...255 { builder.piece(ByteToken.text(byte), 0, type: 6) }
        for (text, score) in [
            ("aa", -1.0), ("ba", -2), ("ab", -2), ("a", -9), ("b", -9), ("▁", -9),
        ] {
            builder.piece(text, Float(score))
        }
        builder.trainer(kind: 2, bytesFallBack: true)
        let tokenizer = try load(builder)
        let (aa, ba, ab, a, space) = (Int32(257), Int32(258), Int32(259), Int32(260), Int32(262))
        #expect(tokenizer.encode("aaa", parseSpecial: false) == [space, aa, a])
        #expect(tokenizer.encode("aba", parseSpecial: false) == [space, ab, a])
        #expect(tokenizer.encode("baba", parseSpecial: false) == [space, ba, ba])
        // The bytes C3 A9 behind <unk>.
        let accented: [Int32] = [space, 0xC4, 0xAA]
        #expect(tokenizer.encode("é", parseSpecial: false) == accented)
        #expect(tokenizer.decode(accented) == "é")
    }

    @Test("files cut off anywhere, or of another kind, are refused or complete in themselves")
    func hostile() throws {
        let whole = unigram()
        for count in 0..<whole.bytes.count {
            var part = SentencePieceBuilder()
            part.bytes = Array(whole.bytes.prefix(count))
            // Cut between two fields it is a smaller model; nothing may trap.
            _ = try? load(part)
        }
        var characters = unigram()
        characters.trainer(kind: 4)
        #expect(throws: ModelError.self) { try load(characters) }
        var wild = unigram()
        wild.piece("wild", .nan)
        #expect(throws: ModelError.self) { try load(wild) }
        var twice = unigram()
        twice.piece("<unk>", 0)
        #expect(throws: ModelError.self) { try load(twice) }
        var long = SentencePieceBuilder()
        long.bytes = [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
        #expect(throws: ModelError.self) { try load(long) }
        #expect(throws: ModelError.self) { try load(SentencePieceBuilder()) }
    }
}
