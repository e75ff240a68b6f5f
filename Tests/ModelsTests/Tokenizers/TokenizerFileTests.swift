import JSON
import Testing

@testable import Models

/// What `tokenizers` 0.23 makes of the files in `TinyTokenizers`, printed by
/// scripts/reference/tiny_tokenizers.py.
struct Vector: Sendable, CustomTestStringConvertible {
    let file: String
    let special: Bool
    let text: String
    let ids: [Int32]
    let offsets: [Range<Int>]
    let decoded: String

    init(
        _ file: String, _ special: Bool, _ text: String, _ ids: [Int32], _ offsets: [Range<Int>],
        _ decoded: String
    ) {
        (self.file, self.special, self.text) = (file, special, text)
        (self.ids, self.offsets, self.decoded) = (ids, offsets, decoded)
    }

    var testDescription: String { "\(file) \(special) \(text.debugDescription)" }

    // swift-format-ignore
    static let all = [
        Vector("bert", false, "Unaffable Ti\u{1EBF}ng Vi\u{1EC7}t!", [18, 7, 11, 10, 12], [0..<5, 5..<9, 10..<17, 18..<24, 24..<25], "unaffable tieng viet!"),
        Vector("bert", false, "tie\u{302}\u{301}ng \u{65E5}\u{672C}the's", [11, 14, 15, 16, 1, 1], [0..<9, 10..<13, 13..<16, 16..<19, 19..<20, 20..<21], "tieng \u{65E5} \u{672C} the"),
        Vector("bert", false, "new york newyork New York!", [20, 1, 20, 12], [0..<8, 9..<16, 17..<25, 25..<26], "new york new york!"),
        Vector("bert", false, "a\u{0}b\u{A0} zz [MASK] b", [8, 13, 1, 1, 1, 1, 19], [0..<1, 2..<3, 6..<8, 9..<10, 10..<14, 14..<15, 16..<17], "ab b"),
        Vector("bert", false, "aaa bbbbbbbbbbbbbbbbbbbbbbb", [8, 9, 9, 1], [0..<1, 1..<2, 2..<3, 4..<27], "aaa"),
        Vector("bert", false, "", [], [], ""),
        Vector("bert", true, "Unaffable Ti\u{1EBF}ng Vi\u{1EC7}t!", [2, 18, 7, 11, 10, 12, 3], [0..<0, 0..<5, 5..<9, 10..<17, 18..<24, 24..<25, 0..<0], "unaffable tieng viet!"),
        Vector("bert", true, "tie\u{302}\u{301}ng \u{65E5}\u{672C}the's", [2, 11, 14, 15, 16, 1, 1, 3], [0..<0, 0..<9, 10..<13, 13..<16, 16..<19, 19..<20, 20..<21, 0..<0], "tieng \u{65E5} \u{672C} the"),
        Vector("bert", true, "new york newyork New York!", [2, 20, 1, 20, 12, 3], [0..<0, 0..<8, 9..<16, 17..<25, 25..<26, 0..<0], "new york new york!"),
        Vector("bert", true, "a\u{0}b\u{A0} zz [MASK] b", [2, 8, 13, 1, 4, 19, 3], [0..<0, 0..<1, 2..<3, 6..<8, 8..<15, 16..<17, 0..<0], "ab b"),
        Vector("bert", true, "aaa bbbbbbbbbbbbbbbbbbbbbbb", [2, 8, 9, 9, 1, 3], [0..<0, 0..<1, 1..<2, 2..<3, 4..<27, 0..<0], "aaa"),
        Vector("bert", true, "", [2, 3], [0..<0, 0..<0], ""),
        Vector("llama", false, "ab  ab", [263, 258, 263], [0..<2, 2..<3, 3..<6], "ab  ab"),
        Vector("llama", false, "\u{E9}<unk>ab", [258, 197, 171, 62, 119, 112, 109, 64, 262], [0..<2, 0..<2, 0..<2, 2..<3, 3..<4, 4..<5, 5..<6, 6..<7, 7..<9], "\u{E9}<unk>ab"),
        Vector("llama", false, "<s>a", [258, 62, 117, 64, 259], [0..<1, 0..<1, 1..<2, 2..<3, 3..<4], "<s>a"),
        Vector("llama", false, "\u{65E5}b", [258, 232, 153, 167, 260], [0..<3, 0..<3, 0..<3, 0..<3, 3..<4], "\u{65E5}b"),
        Vector("llama", true, "ab  ab", [1, 263, 258, 263], [0..<0, 0..<2, 2..<3, 3..<6], "ab  ab"),
        Vector("llama", true, "\u{E9}<unk>ab", [1, 258, 197, 171, 62, 119, 112, 109, 64, 262], [0..<0, 0..<2, 0..<2, 0..<2, 2..<3, 3..<4, 4..<5, 5..<6, 6..<7, 7..<9], "\u{E9}<unk>ab"),
        Vector("llama", true, "<s>a", [1, 1, 261], [0..<0, 0..<3, 3..<4], "a"),
        Vector("llama", true, "\u{65E5}b", [1, 258, 232, 153, 167, 260], [0..<0, 0..<3, 0..<3, 0..<3, 0..<3, 3..<4], "\u{65E5}b"),
        Vector("unigram", false, "ab \u{FB01}  c", [6, 4, 2, 8, 2, 11], [0..<1, 1..<2, 2..<3, 3..<6, 7..<8, 8..<9], "ab fi c"),
        Vector("unigram", false, "abc\u{65E5}\u{672C}ab", [6, 4, 11, 1, 5], [0..<1, 1..<2, 2..<3, 3..<9, 9..<11], "abc<unk>ab"),
        Vector("unigram", false, "a\u{3000}b", [6, 2, 4], [0..<1, 1..<4, 4..<5], "a b"),
        Vector("unigram", false, "</s>a x", [2, 0, 3, 2, 1], [0..<1, 0..<4, 4..<5, 5..<6, 6..<7], "a <unk>"),
        Vector("unigram", true, "ab \u{FB01}  c", [6, 4, 2, 8, 2, 11, 0], [0..<1, 1..<2, 2..<3, 3..<6, 7..<8, 8..<9, 0..<0], "ab fi c"),
        Vector("unigram", true, "abc\u{65E5}\u{672C}ab", [6, 4, 11, 1, 5, 0], [0..<1, 1..<2, 2..<3, 3..<9, 9..<11, 0..<0], "abc<unk>ab"),
        Vector("unigram", true, "a\u{3000}b", [6, 2, 4, 0], [0..<1, 1..<4, 4..<5, 0..<0], "a b"),
        Vector("unigram", true, "</s>a x", [0, 6, 2, 1, 0], [0..<4, 4..<5, 5..<6, 6..<7, 0..<0], "a <unk>"),
        Vector("byteLevel", false, "ab'S abc  xyz12345\u{A}\u{A}", [256, 39, 83, 32, 257, 32, 32, 120, 121, 122, 260, 51, 52, 53, 259], [0..<2, 2..<3, 3..<4, 5..<5, 5..<8, 9..<9, 10..<10, 10..<11, 11..<12, 12..<13, 13..<15, 15..<16, 16..<17, 17..<18, 18..<20], "ab'S abc  xyz12345\u{A}\u{A}"),
        Vector("byteLevel", false, "e\u{301} <|end|>  a", [195, 169, 32, 60, 124, 101, 110, 100, 124, 62, 32, 258], [0..<1, 0..<1, 4..<4, 4..<5, 5..<6, 6..<7, 7..<8, 8..<9, 9..<10, 10..<11, 12..<12, 13..<14], "\u{E9} <|end|>  a"),
        Vector("byteLevel", false, "\u{1112}\u{1161}\u{11AB}!", [237, 149, 156, 33], [0..<3, 0..<3, 0..<3, 9..<10], "\u{D55C}!"),
        Vector("byteLevel", true, "ab'S abc  xyz12345\u{A}\u{A}", [256, 39, 83, 32, 257, 32, 32, 120, 121, 122, 260, 51, 52, 53, 259], [0..<2, 2..<3, 3..<4, 5..<5, 5..<8, 9..<9, 10..<10, 10..<11, 11..<12, 12..<13, 13..<15, 15..<16, 16..<17, 17..<18, 18..<20], "ab'S abc  xyz12345\u{A}\u{A}"),
        Vector("byteLevel", true, "e\u{301} <|end|>  a", [195, 169, 32, 262, 97], [0..<1, 0..<1, 4..<4, 4..<11, 13..<14], "\u{E9} a"),
        Vector("byteLevel", true, "\u{1112}\u{1161}\u{11AB}!", [237, 149, 156, 33], [0..<3, 0..<3, 0..<3, 9..<10], "\u{D55C}!"),
    ]
}

@Suite("tokenizer.json")
struct TokenizerFileTests {
    private static let files = [
        "bert": TinyTokenizers.bert, "llama": TinyTokenizers.llama,
        "unigram": TinyTokenizers.unigram, "byteLevel": TinyTokenizers.byteLevel,
    ]

    static func make(_ name: String) throws -> PipelineTokenizer {
        try TokenizerFile.parse(try JSON.parse(try #require(files[name])))
    }

    @Test("ids, offsets and text are those of the reference", arguments: Vector.all)
    func vectors(_ vector: Vector) throws {
        let tokenizer = try Self.make(vector.file)
        let encoding = tokenizer.encode(
            vector.text, nil,
            options: EncodeOptions(addsSpecial: vector.special, parsesSpecial: vector.special))
        #expect(encoding.ids == vector.ids)
        #expect(encoding.offsets == vector.offsets)
        #expect(tokenizer.decode(encoding.ids) == vector.decoded)
        #expect(encoding.typeIDs.count == encoding.ids.count)
        // Without offsets the ids are the same.
        let ids = tokenizer.encode(
            vector.text, nil,
            options: EncodeOptions(
                addsSpecial: vector.special, parsesSpecial: vector.special, withOffsets: false))
        #expect(ids.ids == vector.ids && ids.offsets.filter { !$0.isEmpty }.isEmpty)
    }

    @Test("a pair gets the template's tokens and types, and gives from its longer text first")
    func pair() throws {
        let bert = try Self.make("bert")
        let whole = bert.encode("the a", "unaffable b")
        #expect(whole.ids == [2, 16, 8, 3, 18, 7, 19, 3])
        #expect(whole.typeIDs == [0, 0, 0, 0, 1, 1, 1, 1])
        #expect(whole.isSpecial == [true, false, false, true, false, false, false, true])
        #expect(whole.offsets[4] == 0..<5)
        let cut = bert.encode("the a", "unaffable b", options: EncodeOptions(tokensMax: 6))
        #expect(cut.ids == [2, 16, 3, 18, 7, 3])
        #expect(
            bert.encode("the a", nil, options: EncodeOptions(tokensMax: 3)).ids == [2, 16, 3])
        #expect(bert.special.cls == 2 && bert.special.pad == 0 && bert.special.mask == 4)
    }

    @Test("special tokens count only where all of their text is trusted")
    func trust() throws {
        let bert = try Self.make("bert")
        #expect(bert.encode("[MASK]", parseSpecial: true) == [4])
        #expect(bert.encode("[MASK]", parseSpecial: false) == [1, 1, 1])
        let parts = [TextPart("[MA", isTrusted: true), TextPart("SK]", isTrusted: false)]
        #expect(bert.encode(parts) == [1, 1, 1])
        // A token that is not special is vocabulary, whoever writes it.
        #expect(bert.encode("new york", parseSpecial: false) == [20])
        // Found in normalised text: trust goes by where that came from.
        let llama = try Self.make("llama")
        #expect(llama.encode("<unk>", parseSpecial: false).contains(0) == false)
    }

    @Test("what is written back gives the same tokenizer", arguments: files.keys.sorted())
    func export(_ name: String) throws {
        let first = try Self.make(name)
        let second = try TokenizerFile.parse(try JSON.parse(first.tokenizerJSON()))
        for vector in Vector.all where vector.file == name {
            #expect(second.encode(vector.text) == first.encode(vector.text))
        }
        #expect(second.tokenizerJSON() == first.tokenizerJSON())
    }

    @Test(
        "time is linear for any text", arguments: files.keys.sorted(), ["a", "👍", " ", "é", "\n"])
    func longText(_ name: String, _ unit: String) throws {
        let tokenizer = try Self.make(name)
        let text = String(repeating: unit, count: 200_000 / unit.utf8.count)
        let clock = ContinuousClock()
        let start = clock.now
        #expect(tokenizer.encode(text).ids.count > 0)
        // A second or two in a debug build; quadratic time would take minutes.
        #expect(clock.now - start < .seconds(60))
    }
}

@Suite("Hostile tokenizer.json")
struct HostileTokenizerFileTests {
    private func model(_ change: (inout JSONObject) -> Void) throws -> String {
        try refusal { root in
            guard var model = root["model"]?.object else { return }
            change(&model)
            root["model"] = .object(model)
        }
    }

    private func pairs(_ vocabulary: JSON, _ merges: JSON) throws -> String {
        try refusal {
            $0["added_tokens"] = []
            $0["post_processor"] = .some(.null)
            $0["model"] = ["type": "BPE", "vocab": vocabulary, "merges": merges]
        }
    }

    @Test("the file as it stands is accepted")
    func baseline() throws {
        #expect(try refusal { _ in } == "accepted")
        #expect(try pairs(["a": 0, "b": 1, "ab": 2], ["a b"]) == "accepted")
    }

    @Test("a vocabulary with holes, doubled or wild ids is refused")
    func vocabulary() throws {
        #expect(try pairs(["a": 0, "b": 2], []).contains("holes"))
        #expect(try pairs(["a": 0, "b": 0], []).contains("id 0 is used twice"))
        #expect(try pairs(["a": -1], []).contains("ids from 0"))
        #expect(try pairs(["a": 99_999_999_999], []).contains("ids from 0"))
        #expect(try pairs(["a": 0.5], []).contains("ids from 0"))
        #expect(try pairs([:], []).contains("0 tokens"))
        #expect(try pairs([], []).contains("must be an object"))
        let long = String(repeating: "a", count: Vocabulary.tokenBytesMax + 1)
        let entries = JSONObject([(name: long, value: 0)]) ?? [:]
        #expect(try pairs(.object(entries), []).contains("token 0 has"))
    }

    @Test("merges of unknown tokens, of one token or of three are refused")
    func merges() throws {
        #expect(try pairs(["a": 0, "b": 1], ["a b"]).contains("merge 0 makes"))
        #expect(try pairs(["a": 0, "ab": 1], ["a b"]).contains("merge 0 joins"))
        #expect(try pairs(["a": 0], ["a"]).contains("merge 0 is not a pair"))
        #expect(try pairs(["a": 0, "aa": 1, "aaa": 2], ["a a a"]).contains("merge 0"))
        #expect(try pairs(["a": 0], [["a", 1]]).contains("merge 0"))
    }

    @Test("unsupported and malformed steps are named")
    func steps() throws {
        #expect(try refusal { $0["version"] = "9" }.contains("version 9 is"))
        #expect(
            try refusal {
                $0["normalizer"] = ["type": "Sequence", "normalizers": [["type": "Odd"]]]
            }
            .contains("normalizer.normalizers[0] Odd is"))
        #expect(
            try refusal { $0["pre_tokenizer"] = ["type": "UnicodeScripts"] }.contains("Unicode"))
        #expect(try refusal { $0["post_processor"] = ["type": "Odd"] }.contains("post_processor"))
        #expect(try refusal { $0["decoder"] = ["type": "CTC"] }.contains("CTC"))
        #expect(try refusal { $0["decoder"] = 1 }.contains("decoder.type"))
        #expect(try model { $0["type"] = "Odd" }.contains("model.type"))
        #expect(try model { $0["unk_token"] = "none" }.contains("model.unk_token"))
        #expect(try model { $0["max_input_chars_per_word"] = "x" }.contains("max_input_chars"))
        #expect(
            try refusal {
                $0["added_tokens"] = [["id": 7, "content": "[PAD]", "special": true]]
            }.contains("id 7"))
        #expect(
            try refusal {
                $0["normalizer"] = ["type": "Precompiled", "precompiled_charsmap": "/w=="]
            }
            .contains("character map"))
        #expect(
            try refusal {
                $0["model"] = ["type": "BPE", "dropout": 0.1, "vocab": ["a": 0], "merges": []]
                $0["added_tokens"] = []
            }.contains("dropout"))
    }

    @Test("bytes that are cut off anywhere are refused")
    func truncated() throws {
        let bytes = Array(TinyTokenizers.bert.utf8)
        for count in stride(from: 0, to: bytes.count - 1, by: 97) {
            #expect(throws: ModelError.self) {
                try bytes[..<count].withUnsafeBytes { _ = try TokenizerFile.parse($0) }
            }
        }
    }
}
