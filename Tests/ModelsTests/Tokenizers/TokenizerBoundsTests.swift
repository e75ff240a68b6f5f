import JSON
import Testing

@testable import Models

/// What a tokenizer.json may ask for, and what it may not.
@Suite struct TokenizerBoundsTests {
    @Test("a piece that stands twice is refused, as its second id could never be meant")
    func doubledPieces() throws {
        let found = try refusal {
            $0["added_tokens"] = []
            $0["post_processor"] = .some(.null)
            $0["model"] = [
                "type": "Unigram", "unk_id": 0, "vocab": [["a", 0.0], ["b", -1.0], ["a", -2.0]],
            ]
        }
        #expect(found.contains("tokens 0 and 2 have the same text"), "\(found)")
    }

    @Test("tokens that a template adds must be the vocabulary's, and few")
    func templates() throws {
        func special(_ ids: [JSON], times: Int = 1) -> JSON {
            [
                "type": "TemplateProcessing", "pair": [],
                "single": .array(
                    [["Sequence": ["id": "A", "type_id": 0]]]
                        + (0..<times).map { _ in ["SpecialToken": ["id": "x", "type_id": 0]] }),
                "special_tokens": ["x": ["id": "x", "ids": .array(ids), "tokens": ["x"]]],
            ]
        }
        #expect(try refusal { $0["post_processor"] = special([21]) }.contains("adds the token 21"))
        #expect(
            try refusal {
                $0["post_processor"] = [
                    "type": "BertProcessing", "sep": ["[SEP]", 4_000_000], "cls": ["[CLS]", 2],
                ]
            }.contains("adds the token 4000000"))
        let many = special((0..<100).map { _ in 1 }, times: 11)
        #expect(try refusal { $0["post_processor"] = many }.contains("adds 1100 tokens"))
        #expect(try refusal { $0["post_processor"] = special([20]) } == "accepted")
    }

    @Test("steps that make a text grow without bound are refused, however they feed each other")
    func growth() throws {
        func replace(_ pattern: JSON, _ content: String) -> JSON {
            ["type": "Replace", "pattern": pattern, "content": .string(content)]
        }
        func outcome(_ steps: [JSON]) throws -> String {
            try refusal {
                $0["normalizer"] = ["type": "Sequence", "normalizers": .array(steps)]
            }
        }
        let tenfold = String(repeating: "a", count: 17)
        let bound = "more than 256 times as long"
        #expect(try outcome([replace(["String": "a"], tenfold)]) == "accepted")
        #expect(
            try outcome([replace(["String": "a"], tenfold), replace(["String": "a"], tenfold)])
                .contains(bound))
        // Through another case, and through an expression.
        #expect(
            try outcome([
                replace(["String": "a"], tenfold.uppercased()), ["type": "Lowercase"],
                replace(["String": "a"], tenfold),
            ]).contains(bound))
        #expect(
            try outcome([replace(["String": "b"], tenfold), replace(["Regex": "[a-c]"], tenfold)])
                .contains(bound))
        #expect(
            try outcome([
                ["type": "Prepend", "prepend": .string(String(repeating: tenfold, count: 16))]
            ])
            .contains(bound))
        // Thirty of their own letters each do not.
        let separate = (0..<30).map { index in
            let letter = String(UnicodeScalar(UInt8(0x41 + index)))
            return replace(["String": .string(letter)], String(repeating: letter, count: 3))
        }
        #expect(try outcome(separate) == "accepted")
        #expect(
            try outcome([replace(["String": .string(String(repeating: "a", count: 257))], "")])
                .contains("at most 256 bytes"))
    }
}
