extension Model {
    /// The token ids that training and serving see for a prompt, by the task's format:
    /// `raw`: the contents one after the other, for an encoder with the tokens that it was trained
    /// to see around a text; `chat`: the model's template with its opening of
    /// an answer. Special tokens written in roles or contents are text.
    /// - Throws: `invalid_input` for another format or messages that the template refuses.
    package func promptTokens(_ messages: [ChatMessage], format: String) throws -> [Int32] {
        switch format {
        case "raw":
            guard backbone.isCausal else {
                return inputTokens(messages.map(\.content).joined()).tokens
            }
            return tokenizer.encode(messages.map { TextPart($0.content, isTrusted: false) })
        case "chat":
            guard let chatTemplate else {
                throw ModelError.invalidInput("format chat: \(chatTemplateProblem)")
            }
            return tokenizer.encode(
                try chatTemplate.parts(messages, addGenerationPrompt: true))
        default:
            throw ModelError.invalidInput("format must be raw or chat, it is something else")
        }
    }

    /// One text or a pair as a head reads it. An encoder gets its template's tokens and the token
    /// types of both texts, a decoder the two texts on lines of their own.
    /// - Parameter tokensMax: what is longer is cut, of a pair the longer text first.
    package func inputTokens(
        _ first: String, _ second: String? = nil, tokensMax: Int? = nil
    ) -> (tokens: [Int32], types: [Int32]) {
        guard backbone.isCausal else {
            let encoding = tokenizer.encode(
                first, second,
                options: EncodeOptions(tokensMax: tokensMax, withOffsets: false))
            return (encoding.ids, encoding.typeIDs)
        }
        let text = second.map { "\(first)\n\($0)" } ?? first
        let tokens = tokenizer.encode(text, parseSpecial: false).prefix(tokensMax ?? .max)
        return (Array(tokens), tokens.map { _ in 0 })
    }
}
