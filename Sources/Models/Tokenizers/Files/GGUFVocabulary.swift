import JSON

/// A tokenizer as a GGUF file says it: the inverse of `GGUFTokenizer`. What the file cannot say is
/// refused, since its reader would split text otherwise without a word.
struct GGUFVocabulary {
    private typealias TokenType = GGUFTokenizer.TokenType

    let tokenizer: PipelineTokenizer
    /// Rows of the embedding table, which may be more than there are tokens.
    let rows: Int

    /// - Throws: `invalid_input`.
    func write(to metadata: inout GGUFMetadata) throws {
        switch tokenizer.model {
        case let pairs as BytePairs where pairs.worksOnBytes:
            try write(bytePairs: pairs, to: &metadata)
        case let pairs as BytePairs: try write(sentencePairs: pairs, to: &metadata)
        case let pieces as WordPieces: try write(wordPieces: pieces, to: &metadata)
        case let unigrams as Unigrams: try write(unigrams: unigrams, to: &metadata)
        default: throw Self.refusal("its kind of tokenizer")
        }
        writeSpecial(to: &metadata)
        if let template = tokenizer.chatTemplate {
            metadata.add("tokenizer.chat_template", template)
        }
    }

    static func refusal(_ what: String) -> ModelError {
        ModelError.invalidInput("export format gguf: \(what) cannot be said there; use safetensors")
    }

    // MARK: Kinds

    private func write(bytePairs pairs: BytePairs, to metadata: inout GGUFMetadata) throws {
        let normalizers = try steps(tokenizer.description.normalizer, "normalizers")
        // Qwen 2 has NFC, which the programs that read these files leave out.
        guard normalizers.allSatisfy({ $0["type"]?.string == "NFC" }) else {
            throw Self.refusal("what this tokenizer does to text before it is split")
        }
        guard pairs.options.endSuffix.isEmpty, pairs.options.continuingPrefix.isEmpty else {
            throw Self.refusal("a mark on parts of words")
        }
        metadata.add("tokenizer.ggml.model", "gpt2")
        metadata.add("tokenizer.ggml.pre", try splitting(pairs))
        writeTokens(to: &metadata)
        metadata.add(
            "tokenizer.ggml.merges",
            pairs.mergeList.map { text($0.left) + [UInt8(ascii: " ")] + text($0.right) })
    }

    /// SentencePiece's pairs: the earlier a token is made by a merge, the better its score.
    private func write(sentencePairs pairs: BytePairs, to metadata: inout GGUFMetadata) throws {
        let mark = Array("▁".utf8)
        guard pairs.options.fallsBackToBytes, pairs.options.continuingPrefix.isEmpty,
            pairs.options.endSuffix.isEmpty
        else { throw Self.refusal("a vocabulary of characters without bytes") }
        var scores = [Float](repeating: 0, count: rows)
        var isMade = [Bool](repeating: false, count: rows)
        for (rank, merge) in pairs.mergeList.enumerated() {
            guard let made = tokenizer.vocabulary.id(of: text(merge.left) + text(merge.right)),
                !isMade[Int(made)]
            else { continue }
            isMade[Int(made)] = true
            scores[Int(made)] = -Float(rank + 1)
        }
        // Characters come after all that is merged, as SentencePiece numbers them.
        for id in pairs.modelTokens.indices where pairs.modelTokens[id] && !isMade[id] {
            scores[id] = -Float(pairs.mergeList.count + 1 + id)
        }
        metadata.add("tokenizer.ggml.model", "llama")
        writeTokens(to: &metadata)
        metadata.add("tokenizer.ggml.scores", scores)
        let begins = tokenizer.encode("a", nil, options: EncodeOptions(addsSpecial: false))
        let first = begins.ids.first.map { text($0) } ?? []
        metadata.add("tokenizer.ggml.add_space_prefix", first.starts(with: mark))
    }

    private func write(wordPieces: WordPieces, to metadata: inout GGUFMetadata) throws {
        let normalizer = tokenizer.description.normalizer
        guard wordPieces.continuingPrefix == "##",
            normalizer["type"]?.string == "BertNormalizer",
            normalizer["lowercase"]?.bool == true, normalizer["strip_accents"]?.bool != false,
            tokenizer.description.preTokenizer["type"]?.string == "BertPreTokenizer"
        else { throw Self.refusal("a WordPiece that does not work as that of uncased BERT") }
        metadata.add("tokenizer.ggml.model", "bert")
        writeTokens(to: &metadata) { text in
            // The beginnings of words are marked there, here their inside.
            let isBracketed = text.first == UInt8(ascii: "[") && text.last == UInt8(ascii: "]")
            if isBracketed { return text }
            let inside = Array("##".utf8)
            return text.starts(with: inside)
                ? Array(text.dropFirst(inside.count)) : Array("▁".utf8) + text
        }
    }

    // MARK: Parts

    func text(_ id: Int32) -> [UInt8] {
        Array(tokenizer.vocabulary.text(of: id) ?? [])
    }

    /// Texts and types of all rows.
    func writeTokens(
        to metadata: inout GGUFMetadata, as spelling: ([UInt8]) -> [UInt8] = { $0 }
    ) {
        let own = tokenizer.vocabulary.count
        let added = Dictionary(
            tokenizer.added.list.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var texts: [[UInt8]] = []
        var types: [Int32] = []
        for id in 0..<Int32(rows) {
            if id >= own {
                texts.append(Array("[PAD\(id)]".utf8))
                types.append(Int32(TokenType.unused))
            } else if let token = added[id] {
                texts.append(text(id))
                let isUnknown = id == tokenizer.model.unknown
                types.append(
                    Int32(
                        isUnknown
                            ? TokenType.unknown
                            : token.isSpecial ? TokenType.control : TokenType.userDefined))
            } else {
                let text = text(id)
                texts.append(spelling(text))
                let isByte =
                    (tokenizer.model as? BytePairs)?.options.fallsBackToBytes == true
                    && ByteToken.byte(text) != nil
                types.append(
                    Int32(
                        id == tokenizer.model.unknown
                            ? TokenType.unknown : isByte ? TokenType.byte : TokenType.normal))
            }
        }
        metadata.add("tokenizer.ggml.tokens", texts)
        metadata.add("tokenizer.ggml.token_type", types)
    }

    private func writeSpecial(to metadata: inout GGUFMetadata) {
        let special = tokenizer.special
        for (name, id) in [
            ("bos", special.bos ?? special.cls), ("eos", special.eos ?? special.sep),
            ("unknown", tokenizer.model.unknown ?? special.unk), ("seperator", special.sep),
            ("padding", special.pad),
            ("cls", special.cls), ("mask", special.mask),
        ] {
            if let id { metadata.add("tokenizer.ggml.\(name)_token_id", Int(id)) }
        }
        if tokenizer.endOfTurn != special.eos, tokenizer.endOfTurn != special.sep,
            tokenizer.endTokens.contains(tokenizer.endOfTurn)
        {
            metadata.add("tokenizer.ggml.eot_token_id", Int(tokenizer.endOfTurn))
        }
        // What the template puts around a text shows around an empty one.
        let around = tokenizer.encode("").ids
        let (first, last) = (special.bos ?? special.cls, special.eos ?? special.sep)
        metadata.add("tokenizer.ggml.add_bos_token", first != nil && around.first == first)
        let isEnd = last != nil && around.last == last && (around.count > 1 || first != last)
        metadata.add("tokenizer.ggml.add_eos_token", isEnd)
    }

    // MARK: Splitting

    /// The name of `tokenizer.ggml.pre` that splits as this tokenizer does.
    private func splitting(_ pairs: BytePairs) throws -> String {
        let own = try steps(tokenizer.description.preTokenizer, "pretokenizers").map(Self.essence)
        let names = try GGUFSplitting.byName.filter { _, splitting in
            try steps(splitting.preTokenizer, "pretokenizers").map(Self.essence) == own
                && splitting.ignoresMerges == pairs.options.ignoresMerges
        }.keys.sorted()
        // Where several names mean one splitting, the ones that most programs know.
        let preferred = ["gpt-2", "llama-bpe", "qwen2", "smollm"]
        guard let name = names.first(where: preferred.contains) ?? names.first else {
            throw Self.refusal("how this tokenizer splits text into words")
        }
        return name
    }

    func steps(_ json: JSON, _ list: String) throws -> [JSON] {
        if json.isNull { return [] }
        guard json["type"]?.string == "Sequence" else { return [json] }
        return try (json[list]?.array ?? []).flatMap { try steps($0, list) }
    }

    /// A step without what does not change the pieces.
    private static func essence(_ step: JSON) -> JSON {
        guard var object = step.object else { return step }
        object["trim_offsets"] = nil
        if object["use_regex"] == nil, object["type"]?.string == "ByteLevel" {
            object["use_regex"] = true
        }
        return .object(JSONObject(object.members.sorted { $0.name < $1.name }) ?? object)
    }
}
