import JSON

/// BERT's pipeline around a list of WordPiece tokens: a vocab.txt, or a GGUF file's.
struct BERTVocabulary {
    var texts: [[UInt8]]
    var lowercases = true
    var separatesIdeographs = true
    /// nil: as `lowercases`.
    var stripsAccents: Bool?

    static let unknown = "[UNK]"
    private static let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

    /// - Throws: `bad_model` when a token that BERT needs is missing.
    func tokenizer(added: [AddedToken] = []) throws -> PipelineTokenizer {
        let vocabulary = try Vocabulary(texts.enumerated().map { ($1, $0) })
        guard let first = vocabulary.id(of: "[CLS]"), let separator = vocabulary.id(of: "[SEP]")
        else { throw ModelError.badModel("vocabulary: it lacks [CLS] or [SEP]") }
        var list = added
        for name in Self.special {
            guard let id = vocabulary.id(of: name), !list.contains(where: { $0.id == id }) else {
                continue
            }
            list.append(AddedToken(Array(name.utf8), id: id))
        }
        var tokenizer = try PipelineTokenizer(
            PipelineTokenizer.Description(
                normalizer: [
                    "type": "BertNormalizer", "clean_text": true,
                    "handle_chinese_chars": .bool(separatesIdeographs),
                    "strip_accents": stripsAccents.map { .bool($0) } ?? .null,
                    "lowercase": .bool(lowercases),
                ],
                preTokenizer: ["type": "BertPreTokenizer"],
                postProcessor: Self.template(first, separator),
                decoder: ["type": "WordPiece", "prefix": "##", "cleanup": true]),
            vocabulary: vocabulary, added: list
        ) { _ in
            try WordPieces(
                vocabulary, modelTokens: texts.map { _ in true }, unknown: Self.unknown,
                continuingPrefix: "##", wordCharactersMax: 100)
        }
        tokenizer.nameSpecialTokens()
        return tokenizer
    }

    /// `[CLS] a [SEP]` and `[CLS] a [SEP] b [SEP]`.
    static func template(_ first: Int32, _ separator: Int32) -> JSON {
        func special(_ name: String, _ type: Int64) -> JSON {
            ["SpecialToken": ["id": .string(name), "type_id": .integer(type)]]
        }
        func text(_ name: String, _ type: Int64) -> JSON {
            ["Sequence": ["id": .string(name), "type_id": .integer(type)]]
        }
        func token(_ name: String, _ id: Int32) -> JSON {
            ["id": .string(name), "ids": [.integer(Int64(id))], "tokens": [.string(name)]]
        }
        let single = [special("[CLS]", 0), text("A", 0), special("[SEP]", 0)]
        return [
            "type": "TemplateProcessing", "single": .array(single),
            "pair": .array(single + [text("B", 1), special("[SEP]", 1)]),
            "special_tokens": [
                "[CLS]": token("[CLS]", first), "[SEP]": token("[SEP]", separator),
            ],
        ]
    }
}
