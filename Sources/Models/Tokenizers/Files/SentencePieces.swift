import JSON

/// A SentencePiece model, from its own file or from GGUF, and the tokenizer that it makes.
struct SentencePieces {
    enum Kind: Int {
        case unigram = 1
        case pairs = 2
    }

    enum PieceType: Int {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    struct Piece {
        var text: [UInt8]
        var score: Float
        var type: PieceType
    }

    var pieces: [Piece] = []
    var kind = Kind.unigram
    var fallsBackToBytes = false
    var marksWordEnds = false
    var characterMap: [UInt8] = []
    var addsPrefix = true
    var removesExtraSpaces = true
    var escapesSpaces = true
    /// As SentencePiece adds scores; readers of GGUF add them in double precision.
    var roundsToSingle = true
    var bos: Int32 = 1
    var eos: Int32 = 2
    var pad: Int32 = -1

    /// - Parameter postProcessor: the template, as a tokenizer.json has it.
    /// - Throws: `bad_model` for a model without pieces or of a kind that is not supported.
    func tokenizer(postProcessor: JSON = .null) throws -> PipelineTokenizer {
        guard !marksWordEnds, escapesSpaces else {
            throw ModelError.badModel(
                "SentencePiece model: spaces as suffixes, or not escaped, are not supported")
        }
        if let wild = pieces.firstIndex(where: { !$0.score.isFinite }) {
            throw ModelError.badModel(
                "SentencePiece model: the score of piece \(wild) is not a finite number")
        }
        let vocabulary = try Vocabulary(pieces.enumerated().map { ($1.text, $0) })
        // A plain model's steps are exactly those of a tokenizer.json; others have SentencePiece's
        // own reading of its map and spaces, and are described as closely as that file can.
        let isPlain = characterMap.isEmpty && !removesExtraSpaces
        let native = isPlain ? nil : try SentencePieceNormalizer(self)
        var tokenizer = try PipelineTokenizer(
            description(postProcessor), vocabulary: vocabulary, added: addedTokens,
            native: native.map { [$0] }
        ) { _ in
            if kind == .unigram { return unigrams(vocabulary) }
            return try bytePairs(vocabulary)
        }
        tokenizer.nameSpecialTokens()
        for (part, id) in [(\SpecialTokens.bos, bos), (\.eos, eos), (\.pad, pad)] {
            tokenizer.special[keyPath: part] =
                id >= 0 && id < vocabulary.count ? id : tokenizer.special[keyPath: part]
        }
        tokenizer.setEnds()
        return tokenizer
    }

    private var unknown: Int32? {
        pieces.firstIndex { $0.type == .unknown }.map { Int32($0) }
    }

    private var addedTokens: [AddedToken] {
        pieces.indices.compactMap { index in
            let type = pieces[index].type
            guard type == .control || type == .userDefined || type == .unknown,
                !pieces[index].text.isEmpty
            else { return nil }
            var token = AddedToken(pieces[index].text, id: Int32(index))
            token.isSpecial = type != .userDefined
            token.isNormalized = type == .userDefined
            // Unigram weighs a user's piece with all the others.
            token.isSought = type != .userDefined || kind != .unigram
            return token
        }
    }

    /// A token by its id; nil where the id is none.
    func token(_ id: Int32) -> (text: String, id: Int32)? {
        guard id >= 0, id < pieces.count else { return nil }
        return (String(decoding: pieces[Int(id)].text, as: UTF8.self), id)
    }

    // MARK: Models

    private func unigrams(_ vocabulary: Vocabulary) -> Unigrams {
        let usable = pieces.indices.filter { pieces[$0].type == .normal || isUserDefined($0) }
        let scores = usable.filter { !isUserDefined($0) }.map { Double(pieces[$0].score) }
        let best = scores.max() ?? 0
        return Unigrams(
            vocabulary,
            scores: pieces.indices.map { index in
                // A user's piece beats all that could be written in its place.
                isUserDefined(index)
                    ? Double(pieces[index].text.count) * best - 0.1 : Double(pieces[index].score)
            }, unknown: unknown, fallsBackToBytes: fallsBackToBytes,
            unusable: Set(pieces.indices.map { Int32($0) }).subtracting(usable.map { Int32($0) }),
            lowestScore: scores.min() ?? 0, roundsToSingle: roundsToSingle)
    }

    private func isUserDefined(_ index: Int) -> Bool { pieces[index].type == .userDefined }

    /// Merges are all ways to put a piece together of two; the better its score the earlier, and
    /// among equal scores the leftmost in the text.
    private func bytePairs(_ vocabulary: Vocabulary) throws -> BytePairs {
        let isModel = pieces.map { $0.type == .normal || $0.type == .byte }
        var found: [(left: Int32, right: Int32, score: Float)] = []
        for piece in pieces where piece.type == .normal {
            for middle in piece.text.indices.dropFirst() where piece.text[middle] & 0xC0 != 0x80 {
                guard let left = vocabulary.id(of: Array(piece.text[..<middle])),
                    let right = vocabulary.id(of: Array(piece.text[middle...])),
                    pieces[Int(left)].type == .normal, pieces[Int(right)].type == .normal
                else { continue }
                found.append((left, right, piece.score))
            }
        }
        let order = found.indices.sorted {
            (found[$1].score, $0) < (found[$0].score, $1)
        }
        var ranks: [UInt32] = []
        for (place, index) in order.enumerated() {
            let isEqual = place > 0 && found[order[place - 1]].score == found[index].score
            ranks.append(isEqual ? ranks[place - 1] : UInt32(place))
        }
        var options = BytePairs.Options()
        options.unknown = unknown.map {
            String(decoding: pieces[Int($0)].text, as: UTF8.self)
        }
        options.fusesUnknown = true
        options.fallsBackToBytes = fallsBackToBytes
        return try BytePairs(
            vocabulary, modelTokens: isModel,
            merges: order.map { (found[$0].left, found[$0].right) }, ranks: ranks,
            options: options, worksOnBytes: false)
    }

    // MARK: Description

    private func description(_ postProcessor: JSON) -> PipelineTokenizer.Description {
        let isPlain = characterMap.isEmpty && !removesExtraSpaces
        var steps: [JSON] = []
        if !characterMap.isEmpty {
            steps.append([
                "type": "Precompiled",
                "precompiled_charsmap": .string(Base64.encode(characterMap)),
            ])
        }
        if removesExtraSpaces {
            steps.append(["type": "Strip", "strip_left": true, "strip_right": true])
            steps.append([
                "type": "Replace", "pattern": ["Regex": " {2,}"], "content": " ",
            ])
        }
        if isPlain {
            if addsPrefix { steps.append(["type": "Prepend", "prepend": "▁"]) }
            steps.append(["type": "Replace", "pattern": ["String": " "], "content": "▁"])
        }
        let metaspace: JSON = [
            "type": "Metaspace", "replacement": "▁",
            "prepend_scheme": addsPrefix ? "always" : "never", "split": false,
        ]
        let decoder: [JSON] =
            [["type": "Replace", "pattern": ["String": "▁"], "content": " "]]
            + (fallsBackToBytes ? [["type": "ByteFallback"]] : [])
            + [
                ["type": "Fuse"],
                ["type": "Strip", "content": " ", "start": addsPrefix ? 1 : 0, "stop": 0],
            ]
        return PipelineTokenizer.Description(
            normalizer: steps.isEmpty
                ? .null : ["type": "Sequence", "normalizers": .array(steps)],
            preTokenizer: isPlain ? .null : metaspace, postProcessor: postProcessor,
            decoder: ["type": "Sequence", "decoders": .array(decoder)])
    }
}
