extension ByteLevelBPE {
    private static let tokensMax = 1 << 24

    /// Which splitting goes with `tokenizer.ggml.pre`.
    private static let preTokenizers: [String: PreTokenizer] = [
        "default": PreTokenizer(splitsDigits: false),
        "gpt-2": PreTokenizer(splitsDigits: false),
        "smollm": PreTokenizer(splitsDigits: true),
        "starcoder": PreTokenizer(splitsDigits: true),
        "refact": PreTokenizer(splitsDigits: true),
        "command-r": PreTokenizer(splitsDigits: true),
    ]

    private static let endNames: Set<String> = [
        "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "</s>", "<|end|>",
    ]

    /// - Throws: `bad_model` for another kind of tokenizer or a vocabulary that is not whole.
    init(_ file: GGUFFile) throws {
        let model = file.string("tokenizer.ggml.model") ?? ""
        guard model == "gpt2" else {
            throw ModelError.badModel(
                "GGUF: the tokenizer \(printable(model)) is not supported, only gpt2 "
                    + "(byte-level BPE)")
        }
        let pre = file.string("tokenizer.ggml.pre") ?? "default"
        guard let preTokenizer = Self.preTokenizers[pre] else {
            throw ModelError.badModel(
                "GGUF: tokenizer.ggml.pre \(printable(pre)) is not supported; supported: "
                    + Self.preTokenizers.keys.sorted().joined(separator: ", "))
        }
        for key in ["tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_eos_token"] {
            if case .bool(true)? = file.metadata[key] {
                throw ModelError.badModel("GGUF: \(key) = true is not supported")
            }
        }
        let vocabulary = try Vocabulary(file, tokensMax: Self.tokensMax)
        let end = try file.integer(
            "tokenizer.ggml.eos_token_id", in: 0...vocabulary.table.count - 1)
        let turn = try file.integer(
            "tokenizer.ggml.eot_token_id", in: 0...vocabulary.table.count - 1,
            default: vocabulary.control.first { $0.name == "<|im_end|>" }?.token ?? end)
        let named = vocabulary.control.filter { Self.endNames.contains($0.name) }
        self.init(
            endTokens: Set(named.map { Int32($0.token) } + [Int32(end), Int32(turn)]),
            endOfTurn: Int32(turn),
            specials: Dictionary(
                grouping: vocabulary.control.map {
                    Special(bytes: Array($0.name.utf8), token: Int32($0.token))
                }.sorted { $0.bytes.count > $1.bytes.count }, by: { $0.bytes[0] }),
            isSpecial: Set(vocabulary.control.map { Int32($0.token) }),
            table: vocabulary.table, byteTokens: vocabulary.byteTokens(),
            merges: try vocabulary.merges(try file.strings("tokenizer.ggml.merges")),
            preTokenizer: preTokenizer)
    }
}

/// The token list of a GGUF file: text tokens in a table, control tokens apart.
private struct Vocabulary {
    var table: TokenTable
    var control: [(name: String, token: Int)] = []

    init(_ file: GGUFFile, tokensMax: Int) throws {
        let tokens = try file.strings("tokenizer.ggml.tokens")
        guard (1...tokensMax).contains(tokens.count) else {
            throw ModelError.badModel(
                "GGUF: the vocabulary has \(tokens.count) tokens, allowed are 1 to \(tokensMax)")
        }
        var types: [Int] = []
        if case .integers(let values)? = file.metadata["tokenizer.ggml.token_type"] {
            guard values.count == tokens.count else {
                throw ModelError.badModel(
                    "GGUF: \(values.count) token types for \(tokens.count) tokens")
            }
            types = values
        }
        table = TokenTable(capacity: tokens.count)
        for index in 0..<tokens.count {
            let text = tokens[index]
            // 2 unknown, 3 control, 4 user-defined, 5 unused: literal text, not the alphabet's.
            let isText = types.isEmpty || types[index] == 1
            let isWhole = table.append(findable: isText) { pool in
                guard isText else {
                    pool += text
                    return true
                }
                return ByteAlphabet.appendBytes(of: text, to: &pool)
            }
            guard isWhole else {
                throw ModelError.badModel(
                    "GGUF: token \(index) has characters outside the byte alphabet")
            }
            if !isText, !text.isEmpty {
                control.append((String(decoding: text, as: UTF8.self), index))
            }
        }
    }

    /// The token of each byte; -1 where the vocabulary lacks it (text never seen in its training
    /// data). Such bytes are dropped, as the tokenizer's own library does.
    func byteTokens() -> [Int32] {
        (0..<256).map { byte in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1) { buffer in
                buffer.initialize(repeating: UInt8(byte))
                return table.token(UnsafeBufferPointer(buffer)) ?? -1
            }
        }
    }

    func merges(_ pairs: GGUFStrings) throws -> [UInt64: ByteLevelBPE.Merge] {
        var merges: [UInt64: ByteLevelBPE.Merge] = [:]
        merges.reserveCapacity(pairs.count)
        var joined: [UInt8] = []
        for rank in 0..<pairs.count {
            let pair = pairs[rank]
            joined.removeAll(keepingCapacity: true)
            guard let space = pair.firstIndex(of: 0x20),
                ByteAlphabet.appendBytes(
                    of: UnsafeRawBufferPointer(rebasing: pair[..<space]), to: &joined)
            else { throw Self.badMerge(rank) }
            let middle = joined.count
            guard
                ByteAlphabet.appendBytes(
                    of: UnsafeRawBufferPointer(rebasing: pair[(space + 1)...]), to: &joined),
                let merge = joined.withUnsafeBufferPointer({ bytes in
                    self.merge(bytes, middle: middle, rank: UInt32(rank))
                })
            else { throw Self.badMerge(rank) }
            if merges[merge.key] == nil { merges[merge.key] = merge.value }
        }
        return merges
    }

    private func merge(_ bytes: UnsafeBufferPointer<UInt8>, middle: Int, rank: UInt32) -> (
        key: UInt64, value: ByteLevelBPE.Merge
    )? {
        guard let left = table.token(UnsafeBufferPointer(rebasing: bytes[..<middle])),
            let right = table.token(UnsafeBufferPointer(rebasing: bytes[middle...])),
            let result = table.token(bytes)
        else { return nil }
        return (
            ByteLevelBPE.key(left, right), ByteLevelBPE.Merge(rank: rank, result: result)
        )
    }

    private static func badMerge(_ rank: Int) -> ModelError {
        .badModel("GGUF: merge \(rank) joins what is not in the vocabulary")
    }
}
