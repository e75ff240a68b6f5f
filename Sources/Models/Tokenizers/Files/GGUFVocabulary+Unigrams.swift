import JSON

// Unigram as SentencePiece's normaliser frames it, in the words of llama.cpp's converter for T5.

extension GGUFVocabulary {
    /// How spaces come to the pieces.
    private struct Spaces {
        var characterMap: [UInt8] = []
        /// One for many, none at the ends.
        var merges = false
        /// Pieces never go over the end of a word.
        var splits = false
    }

    /// Deviates where a tokenizer.json itself departs from SentencePiece: a space at the end of a
    /// text, or at its beginning where spaces are not merged, which makes a piece of its own on
    /// one side only.
    /// - Throws: `invalid_input`.
    func write(unigrams: Unigrams, to metadata: inout GGUFMetadata) throws {
        let spaces = try spaces()
        guard !unigrams.fallsBackToBytes else { throw Self.refusal("a Unigram with bytes") }
        guard unigrams.unknown != nil else {
            throw Self.refusal("a Unigram without a token for what is unknown")
        }
        if let own = tokenizer.added.list.first(where: { !$0.isSpecial }) {
            throw Self.refusal("a Unigram with the added token of id \(own.id), not special,")
        }
        let mark = Array("▁".utf8)
        let special = tokenizer.added.specialIDs
        for id in unigrams.scores.indices.map(Int32.init) where spaces.splits {
            let inside = text(id).dropFirst()
            guard !special.contains(id), let last = inside.lastIndex(of: mark[0]),
                inside[last...].starts(with: mark)
            else { continue }
            throw Self.refusal("token \(id), which goes over the end of a word,")
        }
        metadata.add("tokenizer.ggml.model", "t5")
        metadata.add("tokenizer.ggml.pre", "default")
        writeTokens(to: &metadata)
        // No text becomes a row without a token.
        let unused = [Float](repeating: -10_000, count: max(0, rows - unigrams.scores.count))
        metadata.add(
            "tokenizer.ggml.scores", unigrams.scores.prefix(rows).map { Float($0) } + unused)
        metadata.add("tokenizer.ggml.add_space_prefix", true)
        metadata.add("tokenizer.ggml.remove_extra_whitespaces", spaces.merges)
        if !spaces.characterMap.isEmpty {
            metadata.add("tokenizer.ggml.precompiled_charsmap", spaces.characterMap)
        }
    }

    private func spaces() throws -> Spaces {
        var spaces = Spaces()
        var normalizers = try steps(tokenizer.description.normalizer, "normalizers")
        if let first = normalizers.first, first["type"]?.string == "Precompiled" {
            let text = first["precompiled_charsmap"]?.string ?? ""
            spaces.characterMap = Base64.decode(Array(text.utf8)) ?? []
            normalizers.removeFirst()
        }
        for step in normalizers {
            guard step["type"]?.string == "Strip" || isOneSpaceForMany(step) else {
                throw Self.refusal("what this tokenizer does to text before it is split")
            }
        }
        spaces.merges = normalizers.contains(where: isOneSpaceForMany)
        guard spaces.merges || normalizers.isEmpty else {
            throw Self.refusal("stripping spaces without merging them")
        }
        var splitters = try steps(tokenizer.description.preTokenizer, "pretokenizers")
        if splitters.first?["type"]?.string == "WhitespaceSplit" {
            splitters.removeFirst()
            spaces.merges = true
            try mapWhiteSpace(&spaces.characterMap)
        }
        guard splitters.count == 1, let metaspace = splitters.first,
            metaspace["type"]?.string == "Metaspace", metaspace["replacement"]?.string == "▁",
            metaspace["prepend_scheme"]?.string ?? "always" == "always",
            metaspace["add_prefix_space"]?.bool != false
        else { throw Self.refusal("how this tokenizer splits text into words") }
        spaces.splits = metaspace["split"]?.bool != false
        return spaces
    }

    private func isOneSpaceForMany(_ step: JSON) -> Bool {
        step["type"]?.string == "Replace" && step["pattern"]?["Regex"]?.string == " {2,}"
            && [" ", "▁"].contains(step["content"]?.string)
    }

    /// Readers know one kind of space; a map makes it of the others.
    private func mapWhiteSpace(_ map: inout [UInt8]) throws {
        let others = Self.whiteSpace.map { Array(String($0).utf8) }
        guard !map.isEmpty else {
            map = CharacterMap.blob(replacing: others, with: [0x20])
            return
        }
        let own = try CharacterMap(map)
        // SentencePiece's own maps leave or drop these two.
        for text in others where text != [0x0B] && text != [0xC2, 0x85] {
            let found = text.withUnsafeBufferPointer { text in
                text.baseAddress.flatMap { own.longest($0, 0..<text.count) }
            }
            guard let found, own.pool[found.1].elementsEqual([0x20]) else {
                throw Self.refusal("white space that the character map leaves as it is")
            }
        }
    }

    /// Unicode's White_Space without the space.
    private static let whiteSpace: [Unicode.Scalar] = (0x09...0x3000).compactMap {
        Unicode.Scalar($0)
    }.filter { $0 != " " && $0.properties.isWhitespace }
}
