import JSON

/// Reads the `model` of a tokenizer.json and, with the added tokens, its vocabulary.
struct ModelReader {
    private enum Kind: String { case BPE, WordPiece, WordLevel, Unigram }

    let vocabulary: Vocabulary
    private let field: TokenizerField
    private let kind: Kind
    private let modelTokens: [Bool]
    private let scores: [Double]

    init(_ field: TokenizerField, _ added: [AddedToken]) throws {
        self.field = field
        kind = try Self.kind(field)
        var entries: [(text: [UInt8], id: Int)] = []
        var scores: [Double] = []
        if kind == .Unigram {
            guard let pairs = field["vocab"].value.array else {
                throw field["vocab"].wrong("an array")
            }
            entries.reserveCapacity(pairs.count)
            for (index, pair) in pairs.enumerated() {
                guard let parts = pair.array, parts.count == 2, let text = parts[0].string,
                    let score = parts[1].number
                else { throw field["vocab"].wrong("an array of texts with scores") }
                entries.append((Array(text.utf8), index))
                scores.append(score)
            }
        } else {
            guard let members = field["vocab"].value.object?.members else {
                throw field["vocab"].wrong("an object")
            }
            entries.reserveCapacity(members.count)
            for (name, value) in members {
                guard let id = value.integer, (0...Int64(Vocabulary.tokensMax)).contains(id) else {
                    throw field["vocab"].wrong(
                        "an object of ids from 0 to \(Vocabulary.tokensMax)")
                }
                entries.append((Array(name.utf8), Int(id)))
            }
        }
        let modelCount = entries.count
        try Self.add(added, to: &entries)
        vocabulary = try Vocabulary(entries)
        var modelTokens = [Bool](repeating: false, count: entries.count)
        for entry in entries.prefix(modelCount) { modelTokens[entry.id] = true }
        self.modelTokens = modelTokens
        self.scores = scores
    }

    private static func kind(_ field: TokenizerField) throws -> Kind {
        let known = ["BPE", "Unigram", "WordLevel", "WordPiece"]
        if let name = field["type"].value.string {
            guard let kind = Kind(rawValue: name) else {
                throw field["type"].unsupported(name, known)
            }
            return kind
        }
        // Old files do not say: the members do.
        if !field["merges"].isNull { return .BPE }
        if !field["continuing_subword_prefix"].isNull { return .WordPiece }
        if field["vocab"].value.array != nil { return .Unigram }
        throw field["type"].wrong("one of " + known.joined(separator: ", "))
    }

    /// Added tokens that are the model's own must agree with it; others get the ids they ask for.
    private static func add(
        _ added: [AddedToken], to entries: inout [(text: [UInt8], id: Int)]
    ) throws {
        guard !added.isEmpty else { return }
        var table = TokenTable(capacity: entries.count + added.count)
        var ids: [Int] = []
        for entry in entries {
            table.append(entry.text, findable: true)
            ids.append(entry.id)
        }
        for token in added {
            if let known = table.token(token.text) {
                guard ids[Int(known)] == Int(token.id) else {
                    throw ModelError.badModel(
                        "tokenizer: added_tokens gives the id \(token.id) to a token that has the "
                            + "id \(ids[Int(known)])")
                }
                continue
            }
            table.append(token.text, findable: true)
            ids.append(Int(token.id))
            entries.append((token.text, Int(token.id)))
        }
    }

    // MARK: The model

    func model(endsInBytes: Bool) throws -> any SubwordModel {
        switch kind {
        case .BPE: return try bytePairs(endsInBytes)
        case .WordPiece:
            return try WordPieces(
                vocabulary, modelTokens: modelTokens,
                unknown: try field["unk_token"].string(),
                continuingPrefix: field["continuing_subword_prefix"].isNull
                    ? "##" : try field["continuing_subword_prefix"].string(),
                wordCharactersMax: try field["max_input_chars_per_word"].integer(
                    in: 0...(1 << 30), default: 100))
        case .WordLevel:
            return try WholeWords(
                vocabulary, modelTokens: modelTokens, unknown: try field["unk_token"].string())
        case .Unigram:
            guard scores.allSatisfy(\.isFinite) else {
                throw field["vocab"].wrong("scored with finite numbers")
            }
            let unknown = field["unk_id"]
            return Unigrams(
                vocabulary, scores: scores,
                unknown: unknown.isNull
                    ? nil : Int32(try unknown.integer(in: 0...max(0, scores.count - 1))),
                fallsBackToBytes: try field["byte_fallback"].bool(default: false))
        }
    }

    private func bytePairs(_ endsInBytes: Bool) throws -> BytePairs {
        if let dropout = field["dropout"].value.number, dropout != 0 {
            throw ModelError.badModel(
                "tokenizer: model.dropout is \(dropout): encoding by chance is not supported; set "
                    + "it to null")
        }
        var options = BytePairs.Options()
        options.unknown = field["unk_token"].isNull ? nil : try field["unk_token"].string()
        options.fusesUnknown = try field["fuse_unk"].bool(default: false)
        options.fallsBackToBytes = try field["byte_fallback"].bool(default: false)
        options.ignoresMerges = try field["ignore_merges"].bool(default: false)
        options.continuingPrefix = try text("continuing_subword_prefix")
        options.endSuffix = try text("end_of_word_suffix")
        let isPlain =
            options.continuingPrefix.isEmpty && options.endSuffix.isEmpty
            && !options.fallsBackToBytes
        return try BytePairs(
            vocabulary, modelTokens: modelTokens, merges: try merges(), options: options,
            worksOnBytes: endsInBytes && isPlain)
    }

    private func text(_ name: String) throws -> [UInt8] {
        field[name].isNull ? [] : try field[name].bytes()
    }

    /// Pairs of texts, or texts with one space between the two.
    private func merges() throws -> [(left: Int32, right: Int32)] {
        guard let list = field["merges"].value.array else {
            throw field["merges"].wrong("an array")
        }
        guard list.count <= TokenizerFile.mergesMax else {
            throw ModelError.badModel(
                "tokenizer: \(list.count) merges, at most \(TokenizerFile.mergesMax) are allowed")
        }
        var merges: [(left: Int32, right: Int32)] = []
        merges.reserveCapacity(list.count)
        for (index, merge) in list.enumerated() {
            let parts: [[UInt8]]
            if let text = merge.string {
                if text.utf8.starts(with: "#version".utf8) { continue }
                parts = text.utf8.split(separator: 0x20, omittingEmptySubsequences: false)
                    .map { Array($0) }
            } else {
                parts = (merge.array ?? []).compactMap { $0.string.map { Array($0.utf8) } }
            }
            guard parts.count == 2 else {
                throw ModelError.badModel("tokenizer: merge \(index) is not a pair of tokens")
            }
            guard let left = modelToken(parts[0]), let right = modelToken(parts[1]) else {
                throw ModelError.badModel(
                    "tokenizer: merge \(index) joins what is not in the vocabulary")
            }
            merges.append((left, right))
        }
        return merges
    }

    private func modelToken(_ text: [UInt8]) -> Int32? {
        vocabulary.id(of: text).flatMap { modelTokens[Int($0)] ? $0 : nil }
    }
}
