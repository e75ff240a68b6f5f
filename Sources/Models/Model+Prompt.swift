extension Model {
    /// The token ids that training and serving see for a prompt, by the task's format:
    /// `raw`: the contents one after the other; `chat`: the model's template with its opening of
    /// an answer. Special tokens written in roles or contents are text.
    /// - Throws: `invalid_input` for another format or messages that the template refuses.
    package func promptTokens(_ messages: [ChatMessage], format: String) throws -> [Int32] {
        switch format {
        case "raw":
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
}
