import Models

/// An input as a head reads it.
struct ReadSequence {
    var tokens: [Int32]
    var types: [Int32]
    let tagsWords: Bool
    /// Where its words begin among the tokens, and where they stand in the text, in Unicode
    /// scalars; of a head that tags words.
    var words: [(place: Int, characters: Range<Int>)] = []

    /// - Parameter name: of the input, for messages.
    /// - Throws: `invalid_input`.
    init(
        _ input: ModelInput, _ model: Model, _ head: HeadSpec?, name: String, truncate: Bool
    ) throws {
        func refuse(_ problem: String) -> ModelError {
            ModelError(code: "invalid_input", message: "\(name): \(problem)")
        }
        let limit = model.backbone.configuration.contextLength
        tagsWords = head?.tagsWords ?? false
        switch input {
        case .tokens(let ids):
            guard ids.allSatisfy({ (0..<model.tokenizer.vocabularySize).contains(Int($0)) }) else {
                throw refuse("a token is not in the vocabulary")
            }
            (tokens, types) = (Array(ids.prefix(truncate ? limit : .max)), [])
        case .text(let text, _) where tagsWords:
            let found = Words.all(in: text)
            let read = model.wordTokens(
                text, words: found.map(\.bytes), tokensMax: truncate ? limit : nil)
            (tokens, types) = (read.tokens, [])
            words = zip(found, read.places).compactMap { word, place in
                place.map { ($0, word.characters) }
            }
        case .text(let text, let pair):
            (tokens, types) = model.inputTokens(text, pair, tokensMax: truncate ? limit : nil)
        }
        if types.isEmpty { types = tokens.map { _ in 0 } }
        guard !tokens.isEmpty else { throw refuse("it is empty; give some text") }
        guard tokens.count <= limit else {
            throw refuse(
                "\(tokens.count) tokens exceed the model's context of \(limit); shorten it"
                    + (head == nil ? "" : " or set truncate"))
        }
    }
}
