import JSON
import TestSupport
import Testing

@testable import Models

@Suite("Byte-level BPE")
struct TokenizerTests {
    /// A vocabulary of all bytes, some merges and two special tokens.
    private func make(pre: String = "smollm") throws -> any Tokenizer {
        var builder = GGUFBuilder()
        let merges = ["a b", "ab c", "b c", "Ġ a", "Ċ Ċ", "1 2"]
        let tokens =
            TinyLlamaFile.byteCharacters() + merges.map { $0.filter { $0 != " " } }
            + ["<|end|>", "<|end|>x"]
        builder.set("tokenizer.ggml.model", "gpt2")
        builder.set("tokenizer.ggml.pre", pre)
        builder.set("tokenizer.ggml.tokens", tokens)
        builder.set(
            "tokenizer.ggml.token_type",
            tokens.indices.map { $0 < tokens.count - 2 ? 1 : 3 } as [Int32])
        builder.set("tokenizer.ggml.merges", merges)
        builder.set("tokenizer.ggml.eos_token_id", tokens.count - 2)
        let folder = try TemporaryFolder()
        return try Tokenizers.load(gguf: GGUFFile(try folder.write(builder.build())))
    }

    private func words(_ text: String, splitsDigits: Bool = true) throws -> [String] {
        let step = splitsDigits ? #"{"type":"Digits","individual_digits":true},"# : ""
        let json = try JSON.parse(
            #"{"type":"Sequence","pretokenizers":[\#(step){"type":"ByteLevel","#
                + #""add_prefix_space":false,"use_regex":true}]}"#)
        var steps = try PreTokenizers.steps(TokenizerField(value: json, path: "pre_tokenizer"))
        var last = try #require(steps.popLast() as? ByteLevelWords)
        last.writesAlphabet = false
        steps.append(last)
        return pieces(text, steps)
    }

    @Test("words are split as GPT-2's pattern says")
    func splitting() throws {
        #expect(
            try words("I'm here, they'll  go") == [
                "I", "'m", " here", ",", " they", "'ll", " ", " go",
            ])
        #expect(try words("'sx 'S") == ["'s", "x", " '", "S"])
        #expect(try words("a\n\n b \t") == ["a", "\n\n", " b", " \t"])
        #expect(try words("x 12é") == ["x", " ", "1", "2", "é"])
        #expect(try words("x 12é", splitsDigits: false) == ["x", " 12", "é"])
        #expect(try words("½٣Ⅷ") == ["½", "٣", "Ⅷ"])
        #expect(
            try words("a\u{A0}b\u{3000}\u{3000}c") == [
                "a", "\u{A0}", "b", "\u{3000}", "\u{3000}", "c",
            ])
        #expect(try words("e\u{301} 👍🏽!") == ["e", "\u{301}", " 👍🏽!"])
        #expect(try words("") == [])
    }

    @Test("merges follow rank, leftmost first")
    func merging() throws {
        let bpe = try make()
        #expect(bpe.encode("abc", parseSpecial: false) == [257])
        #expect(bpe.encode("bcabc", parseSpecial: false) == [258, 257])
        #expect(bpe.encode("aabb", parseSpecial: false) == [97, 256, 98])
        #expect(bpe.encode(" abc", parseSpecial: false) == [32, 257])
        #expect(bpe.encode("12", parseSpecial: false) == [49, 50])
        #expect(try make(pre: "gpt-2").encode("12", parseSpecial: false) == [261])
        #expect(bpe.encode("", parseSpecial: true) == [])
    }

    @Test("special tokens are recognised only in trusted text, the longest first")
    func specials() throws {
        let bpe = try make()
        let end: Int32 = 262
        #expect(bpe.encode("a<|end|>b", parseSpecial: true) == [97, end, 98])
        #expect(bpe.encode("<|end|>x", parseSpecial: true) == [end + 1])
        let plain = bpe.encode("<|end|>", parseSpecial: false)
        #expect(plain.count == 7)
        #expect(bpe.decode(plain) == "<|end|>")
        #expect(bpe.bytes(of: end) == [] && bpe.bytes(of: -1) == [] && bpe.bytes(of: 9999) == [])
        let parts = [
            TextPart("<|end|>a", isTrusted: true), TextPart("b<|end|>c", isTrusted: false),
            TextPart("<|", isTrusted: true), TextPart("end|>", isTrusted: false),
        ]
        let tokens = bpe.encode(parts)
        #expect(tokens.filter { $0 >= end } == [end])
        // Merges cross the border of parts.
        #expect(Array(tokens.prefix(2)) == [end, 256])
        #expect(bpe.decode(tokens) == "ab<|end|>c<|end|>")
        #expect(bpe.endTokens == [end] && bpe.endOfTurn == end)
    }

    @Test("text of every kind comes back from its tokens")
    func roundTrip() throws {
        let bpe = try make()
        for text in ["Tiếng Việt 👨‍👩‍👧‍👦", "\u{0}\u{7F}\r\n\t", "e\u{301}é", "abc ab 12"] {
            let back = bpe.decode(bpe.encode(text, parseSpecial: true))
            #expect(Array(back.utf8) == Array(text.utf8))
        }
    }

    @Test("one word of 512 KiB is encoded in time that grows with its length only")
    func longWord() throws {
        let bpe = try make()
        let clock = ContinuousClock()
        let tokens: Int
        let start = clock.now
        tokens = bpe.encode(String(repeating: "abc", count: 175_000), parseSpecial: true).count
        #expect(tokens == 175_000)
        // Some 4 s in a debug build; quadratic time would take hours.
        #expect(clock.now - start < .seconds(60))
    }

    @Test("a vocabulary that is not whole is refused")
    func malformed() throws {
        #expect(throws: ModelError.self) { try make(pre: "unheard-of") }
        let folder = try TemporaryFolder()
        func refuses(_ set: (inout GGUFBuilder) -> Void) throws -> String {
            var builder = GGUFBuilder()
            builder.set("tokenizer.ggml.model", "gpt2")
            set(&builder)
            let file = try GGUFFile(try folder.write(builder.build()))
            do {
                _ = try Tokenizers.load(gguf: file)
                return "accepted"
            } catch {
                return "\(error)"
            }
        }
        #expect(try refuses { $0.set("tokenizer.ggml.tokens", ["日"]) }.contains("token 0"))
        #expect(
            try refuses {
                $0.set("tokenizer.ggml.tokens", ["a", "b"])
                $0.set("tokenizer.ggml.token_type", [1])
            }.contains("1 token types for 2"))
        #expect(
            try refuses {
                $0.set("tokenizer.ggml.tokens", ["a", "b"])
                $0.set("tokenizer.ggml.eos_token_id", 0)
                $0.set("tokenizer.ggml.merges", ["a b"])
            }.contains("merge 0"))
        #expect(
            try refuses {
                $0.set("tokenizer.ggml.tokens", ["a", "b"])
                $0.set("tokenizer.ggml.merges", [String]())
                $0.set("tokenizer.ggml.eos_token_id", 2)
            }.contains("eos_token_id"))
    }
}
