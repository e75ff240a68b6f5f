import JSON
import WorkerProtocol

// The bodies of OpenAI's routes. What cannot change the output is ignored; what could, and is not
// done here, is refused.
extension GenerateRequest {
    private static let ignored = [
        "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key",
    ]

    /// The body of `POST /v1/completions`.
    init(completion fields: inout FieldReader, limits: APILimits) throws {
        let prompt = try Self.prompt(&fields)
        try Self.refuse(&fields, "echo", but: [false])
        try Self.refuse(&fields, "best_of", but: [1])
        try Self.refuse(&fields, "suffix", but: [""])
        var defaults = SamplingOptions()
        defaults.maxTokens = 16
        defaults.temperature = 1
        let logprobs = try fields.integer("logprobs", in: 0...limits.logprobsMax)
        try self.init(
            openAI: &fields, limits: limits, defaults: defaults, logprobs: logprobs,
            prompt: prompt, messages: nil, raw: true)
    }

    /// The body of `POST /v1/chat/completions`.
    init(chat fields: inout FieldReader, limits: APILimits) throws {
        let messages = try Self.messages(&fields)
        for (name, neutral) in [
            ("tools", [JSON.array([])]), ("tool_choice", ["none", "auto"]),
            ("response_format", [["type": "text"]]), ("modalities", [["text"]]),
            ("parallel_tool_calls", [true, false]),
        ] { try Self.refuse(&fields, name, but: neutral) }
        var defaults = SamplingOptions()
        defaults.maxTokens = Self.untilEnd
        defaults.temperature = 1
        if let most = try fields.integer("max_completion_tokens", in: 1...1_000_000) {
            defaults.maxTokens = most
        }
        let isAsked = try fields.flag("logprobs") ?? false
        let top = try fields.integer("top_logprobs", in: 0...limits.logprobsMax)
        guard isAsked || top == nil else {
            throw fields.invalid("top_logprobs", "is only for `logprobs`: true")
        }
        try self.init(
            openAI: &fields, limits: limits, defaults: defaults,
            logprobs: isAsked ? max(top ?? 1, 1) : nil, prompt: "", messages: messages,
            raw: false)
    }

    private static func prompt(_ fields: inout FieldReader) throws -> String {
        guard let value = fields.value("prompt") else {
            throw fields.missing("prompt", "the text to go on from")
        }
        let texts = value.array.map { $0.map(\.string) } ?? [value.string]
        guard texts.count == 1, let text = texts.first ?? nil, !text.isEmpty else {
            throw fields.invalid(
                "prompt", "must be one text that is not empty, found \(FieldReader.found(value))")
        }
        return text
    }

    private static func messages(_ fields: inout FieldReader) throws -> [ChatTurn] {
        guard let array = try fields.array("messages") else {
            throw fields.missing("messages", "an array of {role, content}")
        }
        guard (1...1000).contains(array.count) else {
            throw fields.invalid("messages", "must hold 1 to 1000 messages, found \(array.count)")
        }
        return try array.enumerated().map { index, value in
            var message = try FieldReader(value, path: "messages[\(index)]")
            let roles = ["system", "developer", "user", "assistant"]
            guard let role = try message.choice("role", of: roles) else {
                throw message.missing("role", "one of \(Identifier.list(roles))")
            }
            let content = try content(&message)
            try message.finish()
            return ChatTurn(role: role == "developer" ? "system" : role, content: content)
        }
    }

    /// A text, or an array of `{type:"text",text}`.
    private static func content(_ message: inout FieldReader) throws -> String {
        guard let value = message.value("content") else {
            throw message.missing("content", "the text of the message")
        }
        if let text = value.string { return text }
        guard let parts = value.array else {
            throw message.invalid("content", "must be a text, found \(FieldReader.found(value))")
        }
        return try parts.enumerated().map { index, part in
            var part = try FieldReader(part, path: message.parameter("content[\(index)]"))
            _ = try part.choice("type", of: ["text"])
            guard let text = try part.string("text") else {
                throw part.missing("text", "the text of the part")
            }
            try part.finish()
            return text
        }.joined()
    }

    /// Takes a field only with a value that changes nothing.
    private static func refuse(
        _ fields: inout FieldReader, _ name: String, but neutral: [JSON]
    ) throws {
        guard let value = fields.value(name), !neutral.contains(value) else { return }
        throw APIError.notAvailable(
            fields.parameter(name), "leave it out (only its default is accepted)")
    }

    /// What both bodies have.
    static func refuseUnsupported(_ fields: inout FieldReader) throws {
        for name in ignored { _ = fields.value(name) }
        for name in ["presence_penalty", "frequency_penalty"] {
            try refuse(&fields, name, but: [0, 0.0])
        }
        try refuse(&fields, "logit_bias", but: [[:]])
    }
}
