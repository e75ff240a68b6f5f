import JSON

extension GGUFTokenizer {
    /// Llama's kind: SentencePiece's pairs by score, bytes for what they cannot write.
    func sentencePiecePairs() throws -> PipelineTokenizer {
        var model = try sentencePieces()
        model.kind = .pairs
        model.removesExtraSpaces = flag("remove_extra_whitespaces", default: false)
        model.fallsBackToBytes = true
        return try model.tokenizer(
            postProcessor: try markers(bosByDefault: true, eosByDefault: false))
    }

    /// T5's kind: Unigram.
    func unigrams() throws -> PipelineTokenizer {
        var model = try sentencePieces()
        model.removesExtraSpaces = flag("remove_extra_whitespaces", default: true)
        model.fallsBackToBytes = model.pieces.contains { $0.type == .byte }
        model.roundsToSingle = false
        if case .integers(let map)? = file.metadata["tokenizer.ggml.precompiled_charsmap"] {
            model.characterMap = map.map { UInt8(truncatingIfNeeded: $0) }
        }
        return try model.tokenizer(
            postProcessor: try markers(bosByDefault: false, eosByDefault: true))
    }

    private func sentencePieces() throws -> SentencePieces {
        var model = SentencePieces()
        guard case .numbers(let scores)? = file.metadata["tokenizer.ggml.scores"],
            scores.count == tokens.count
        else {
            throw ModelError.badModel(
                "GGUF: tokenizer.ggml.scores must have one score for each of the \(tokens.count) "
                    + "tokens")
        }
        model.pieces = try (0..<tokens.count).map { index in
            guard let type = SentencePieces.PieceType(rawValue: types[index]) else {
                throw ModelError.badModel("GGUF: token \(index) has the type \(types[index])")
            }
            return SentencePieces.Piece(
                text: text(index), score: Float(scores[index]), type: type)
        }
        model.addsPrefix = flag("add_space_prefix", default: true)
        (model.bos, model.eos) = (-1, -1)
        return model
    }

    /// BERT's kind. The file marks the beginnings of words where BERT marks their inside.
    func wordPieces() throws -> PipelineTokenizer {
        let mark = Array("▁".utf8)
        let texts = (0..<tokens.count).map { index -> [UInt8] in
            let text = text(index)
            let isBracketed = text.first == UInt8(ascii: "[") && text.last == UInt8(ascii: "]")
            if isBracketed || types[index] != TokenType.normal { return text }
            return text.starts(with: mark)
                ? Array(text.dropFirst(mark.count)) : Array("##".utf8) + text
        }
        let folder = BERTVocabulary(texts: texts)
        return try folder.tokenizer(added: addedTokens())
    }
}
