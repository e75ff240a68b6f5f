import JSON

/// Reads the tokenizer of a GGUF file: byte-level BPE (`gpt2`), SentencePiece's pairs (`llama`) or
/// Unigram (`t5`), WordPiece (`bert`).
struct GGUFTokenizer {
    /// The kinds of tokens that `tokenizer.ggml.token_type` tells apart.
    enum TokenType {
        static let normal = 1
        static let unknown = 2
        static let control = 3
        static let userDefined = 4
        static let unused = 5
        static let byte = 6
    }

    let file: GGUFFile
    let tokens: GGUFStrings
    let types: [Int]

    init(_ file: GGUFFile) throws {
        self.file = file
        tokens = try file.strings("tokenizer.ggml.tokens")
        guard (1...Vocabulary.tokensMax).contains(tokens.count) else {
            throw ModelError.badModel(
                "GGUF: the vocabulary has \(tokens.count) tokens, allowed are 1 to "
                    + "\(Vocabulary.tokensMax)")
        }
        if case .integers(let values)? = file.metadata["tokenizer.ggml.token_type"] {
            guard values.count == tokens.count else {
                throw ModelError.badModel(
                    "GGUF: \(values.count) token types for \(tokens.count) tokens")
            }
            types = values
        } else {
            types = [Int](repeating: TokenType.normal, count: tokens.count)
        }
    }

    private static let models: [String: @Sendable (GGUFTokenizer) throws -> PipelineTokenizer] = [
        "gpt2": { try $0.bytePairs() },
        "llama": { try $0.sentencePiecePairs() },
        "t5": { try $0.unigrams() },
        "bert": { try $0.wordPieces() },
    ]

    func load() throws -> PipelineTokenizer {
        let name = file.string("tokenizer.ggml.model") ?? ""
        guard let make = Self.models[name] else {
            throw ModelError.badModel(
                "GGUF: the tokenizer \(printable(name)) is not supported; supported: "
                    + Self.models.keys.sorted().joined(separator: ", "))
        }
        var tokenizer = try make(self)
        try setSpecial(&tokenizer)
        return tokenizer
    }

    /// The bytes of token `index` as the file writes it.
    func text(_ index: Int) -> [UInt8] { Array(tokens[index]) }

    /// Control and user-defined tokens, which are found in the text before the model sees it.
    func addedTokens() -> [AddedToken] {
        (0..<tokens.count).compactMap { index in
            let type = types[index]
            guard type == TokenType.control || type == TokenType.userDefined, !tokens[index].isEmpty
            else { return nil }
            var token = AddedToken(text(index), id: Int32(index))
            token.isSpecial = type == TokenType.control
            return token
        }
    }

    // MARK: Special tokens

    private static let parts: [(any WritableKeyPath<SpecialTokens, Int32?> & Sendable, String)] = [
        (\.bos, "bos"), (\.eos, "eos"), (\.unk, "unknown"), (\.cls, "cls"), (\.sep, "seperator"),
        (\.sep, "separator"), (\.pad, "padding"), (\.mask, "mask"),
    ]

    private func setSpecial(_ tokenizer: inout PipelineTokenizer) throws {
        tokenizer.nameSpecialTokens()
        for (part, name) in Self.parts {
            let key = "tokenizer.ggml.\(name)_token_id"
            // BERT's files give its first and last token by both names.
            let isAlias = tokenizer.model is WordPieces && ["bos", "eos"].contains(name)
            guard file.metadata[key] != nil, !isAlias else { continue }
            tokenizer.special[keyPath: part] = Int32(
                try file.integer(key, in: 0...tokens.count - 1))
        }
        tokenizer.setEnds()
        if file.metadata["tokenizer.ggml.eot_token_id"] != nil {
            let turn = try file.integer("tokenizer.ggml.eot_token_id", in: 0...tokens.count - 1)
            tokenizer.endOfTurn = Int32(turn)
            tokenizer.endTokens.insert(Int32(turn))
        }
        tokenizer.chatTemplate = file.string("tokenizer.chat_template")
    }

    /// `tokenizer.ggml.add_bos_token` and the like.
    func flag(_ name: String, default fallback: Bool) -> Bool {
        if case .bool(let value)? = file.metadata["tokenizer.ggml.\(name)"] {
            value
        } else {
            fallback
        }
    }

    /// The template that puts the file's own first and last token around a text.
    func markers(bosByDefault: Bool, eosByDefault: Bool) throws -> JSON {
        func token(_ name: String) throws -> (text: String, id: Int32)? {
            let key = "tokenizer.ggml.\(name)_token_id"
            guard file.metadata[key] != nil else { return nil }
            let id = try file.integer(key, in: 0...tokens.count - 1)
            return (String(decoding: tokens[id], as: UTF8.self), Int32(id))
        }
        return TemplateDescription.make(
            bos: flag("add_bos_token", default: bosByDefault) ? try token("bos") : nil,
            eos: flag("add_eos_token", default: eosByDefault) ? try token("eos") : nil)
    }
}
