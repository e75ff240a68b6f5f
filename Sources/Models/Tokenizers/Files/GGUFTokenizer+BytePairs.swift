import JSON

extension GGUFTokenizer {
    /// GPT-2's kind: byte-level tokens and merges.
    func bytePairs() throws -> PipelineTokenizer {
        let pre = file.string("tokenizer.ggml.pre") ?? "default"
        guard let splitting = GGUFSplitting.byName[pre] else {
            throw ModelError.badModel(
                "GGUF: tokenizer.ggml.pre \(printable(pre)) is not supported; supported: "
                    + GGUFSplitting.byName.keys.sorted().joined(separator: ", "))
        }
        let isModel = types.map { $0 == TokenType.normal || $0 == TokenType.byte }
        for index in 0..<tokens.count where isModel[index] {
            guard ByteAlphabet.bytes(of: tokens[index]) != nil else {
                throw ModelError.badModel(
                    "GGUF: token \(index) has characters outside the byte alphabet")
            }
        }
        let vocabulary = try Vocabulary((0..<tokens.count).map { (text($0), $0) })
        let merges = try merges(vocabulary, isModel)
        var options = BytePairs.Options()
        options.ignoresMerges = splitting.ignoresMerges
        return try PipelineTokenizer(
            PipelineTokenizer.Description(
                preTokenizer: splitting.preTokenizer,
                postProcessor: try markers(bosByDefault: false, eosByDefault: false),
                decoder: GGUFSplitting.decoder),
            vocabulary: vocabulary, added: addedTokens()
        ) { worksOnBytes in
            try BytePairs(
                vocabulary, modelTokens: isModel, merges: merges, options: options,
                worksOnBytes: worksOnBytes)
        }
    }

    /// Of equal merges the first counts, as in the programs that made these files.
    private func merges(
        _ vocabulary: Vocabulary, _ isModel: [Bool]
    ) throws -> [(left: Int32, right: Int32)] {
        let pairs = try file.strings("tokenizer.ggml.merges")
        var seen = Set<UInt64>()
        var merges: [(left: Int32, right: Int32)] = []
        merges.reserveCapacity(pairs.count)
        for rank in 0..<pairs.count {
            let pair = pairs[rank]
            guard let space = pair.firstIndex(of: 0x20),
                let left = vocabulary.id(of: Array(pair[..<space])), isModel[Int(left)],
                let right = vocabulary.id(of: Array(pair[(space + 1)...])), isModel[Int(right)]
            else {
                throw ModelError.badModel(
                    "GGUF: merge \(rank) joins what is not in the vocabulary")
            }
            if seen.insert(PairTable.key(left, right)).inserted { merges.append((left, right)) }
        }
        return merges
    }
}
