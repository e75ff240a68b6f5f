extension PipelineTokenizer {
    /// What tokens with a part to play are called where no file says which they are; of several
    /// the first that the vocabulary has.
    private static let names: [(any WritableKeyPath<SpecialTokens, Int32?> & Sendable, [String])] =
        [
            (\.bos, ["<s>", "<|begin_of_text|>", "<bos>", "<|startoftext|>"]),
            (\.eos, ["</s>", "<|end_of_text|>", "<eos>", "<|endoftext|>", "<|im_end|>"]),
            (\.unk, ["[UNK]", "<unk>"]),
            (\.cls, ["[CLS]"]),
            (\.sep, ["[SEP]"]),
            (\.pad, ["[PAD]", "<pad>", "<|padding|>"]),
            (\.mask, ["[MASK]", "<mask>"]),
        ]

    /// Special tokens that end a turn, whatever the model calls its end of text.
    static let endNames: Set<String> = [
        "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "</s>", "<|end|>",
        "<end_of_turn>",
    ]

    /// Fills `special`, `endTokens` and `endOfTurn` by the usual names.
    mutating func nameSpecialTokens() {
        for (part, names) in Self.names {
            special[keyPath: part] = names.compactMap { id(of: $0) }
                .first(where: added.specialIDs.contains)
        }
        special.unk = model.unknown ?? special.unk
        setEnds()
    }

    /// Sets `endTokens` and `endOfTurn` by `special` and the usual names.
    mutating func setEnds() {
        let named = Self.endNames.compactMap { id(of: $0) }
            .filter { added.specialIDs.contains($0) }
        endTokens = Set(named + [special.eos].compactMap { $0 })
        endOfTurn =
            id(of: "<|im_end|>").flatMap { added.specialIDs.contains($0) ? $0 : nil }
            ?? special.eos ?? special.sep ?? 0
    }
}
