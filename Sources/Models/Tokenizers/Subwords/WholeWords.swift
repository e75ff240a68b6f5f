import JSON

/// A word is a token or unknown.
struct WholeWords: SubwordModel {
    let unknownText: String
    let unknown: Int32?
    let modelTokens: [Bool]
    private let table: TokenTable

    /// - Throws: `bad_model` when the vocabulary lacks the unknown token.
    init(_ vocabulary: Vocabulary, modelTokens: [Bool], unknown: String) throws {
        guard let token = vocabulary.id(of: unknown) else {
            throw ModelError.badModel(
                "tokenizer: model.unk_token \(printable(unknown)) is not in the vocabulary")
        }
        unknownText = unknown
        self.modelTokens = modelTokens
        self.unknown = token
        var table = TokenTable(capacity: vocabulary.count)
        for token in 0..<vocabulary.count {
            table.append(vocabulary.table.bytes(of: token), findable: modelTokens[token])
        }
        self.table = table
    }

    func encode(_ work: inout Workspace) {
        let text = work.cutting.text.bytes.elements
        for index in 0..<work.cutting.pieces.count {
            let piece = work.cutting.pieces[index]
            let word = UnsafeBufferPointer(rebasing: text[Int(piece.begin)..<Int(piece.end)])
            work.tokens.append(
                Token(
                    id: table.token(word) ?? unknown ?? 0, begin: piece.begin, end: piece.end))
        }
    }
}
