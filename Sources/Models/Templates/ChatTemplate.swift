/// One turn of a conversation.
package struct ChatMessage: Codable, Sendable, Equatable {
    package var role: String
    package var content: String

    package init(role: String, content: String) {
        self.role = role
        self.content = content
    }
}

/// Renders messages with the model's own template (its `tokenizer.chat_template`): the part of
/// Jinja that such templates use. What it does not know is an error, never a guess.
package struct ChatTemplate: Sendable {
    static let sourceBytesMax = 1 << 20

    private let statements: [TemplateStatement]
    /// `bos_token` and `eos_token`, where the model has them.
    package var variables: [String: String] = [:]

    /// - Throws: `bad_model` naming the construct that is not supported.
    package init(_ source: String) throws {
        guard source.utf8.count <= Self.sourceBytesMax else {
            throw ModelError.template("it is longer than \(Self.sourceBytesMax) bytes")
        }
        statements = try TemplateParser.parse(source)
    }

    package func render(_ messages: [ChatMessage], addGenerationPrompt: Bool) throws -> String {
        try parts(messages, addGenerationPrompt: addGenerationPrompt).reduce(into: "") {
            $0 += $1.text
        }
    }

    /// As `render`, keeping apart what the template wrote and what came from the messages.
    /// - Throws: `invalid_input` where the template refuses the messages.
    package func parts(_ messages: [ChatMessage], addGenerationPrompt: Bool) throws -> [TextPart] {
        var values = variables.mapValues { TemplateValue.trusted($0) }
        values["messages"] = .list(
            messages.map { message in
                .dictionary([
                    ("role", .text([TextPart(message.role, isTrusted: false)])),
                    ("content", .text([TextPart(message.content, isTrusted: false)])),
                ])
            })
        values["add_generation_prompt"] = .bool(addGenerationPrompt)
        var interpreter = TemplateInterpreter(values)
        try interpreter.run(statements)
        return interpreter.output
    }
}
