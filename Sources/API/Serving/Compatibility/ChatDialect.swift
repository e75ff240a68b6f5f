import JSON
import WorkerProtocol

/// OpenAI's `/v1/chat/completions`.
struct ChatDialect: GenerationDialect {
    let prefix = "chatcmpl-"

    func whole(_ generation: Generation, _ record: GenerationRecord) -> JSON {
        generation.object(
            "chat.completion",
            [
                "choices": record.choices(choice), "usage": record.usageJSON,
            ])
    }

    private func choice(
        _ index: Int, _ text: String, _ reason: String?, _ logprobs: [TokenLogprob]?
    ) -> JSON {
        [
            "index": .count(index),
            "message": ["role": "assistant", "content": .string(text), "refusal": nil],
            "finish_reason": .optional(reason.map(OpenAIReason.of)),
            "logprobs": Self.logprobs(logprobs),
        ]
    }

    func opening(_ generation: Generation) -> [JSON] {
        (0..<generation.parameters.choices).map { index in
            chunk(generation, index, ["role": "assistant", "content": ""], nil, nil)
        }
    }

    func chunks(
        _ generation: Generation, _ delta: GenerateDelta, _ record: GenerationRecord
    ) -> [JSON] {
        let logprobs = generation.logprobs(of: delta)
        var chunks: [JSON] = []
        if !delta.text.isEmpty || delta.finishReason == nil {
            chunks.append(
                chunk(
                    generation, delta.choice, ["content": .string(delta.text)], nil, logprobs))
        }
        if let reason = delta.finishReason {
            chunks.append(
                chunk(generation, delta.choice, [:], OpenAIReason.of(reason), nil))
        }
        return chunks
    }

    func usage(_ generation: Generation, _ record: GenerationRecord) -> JSON {
        generation.object("chat.completion.chunk", ["choices": [], "usage": record.usageJSON])
    }

    private func chunk(
        _ generation: Generation, _ index: Int, _ delta: JSON, _ reason: String?,
        _ logprobs: [TokenLogprob]?
    ) -> JSON {
        let choice: JSON = [
            "index": .count(index), "delta": delta, "finish_reason": .optional(reason),
            "logprobs": Self.logprobs(logprobs),
        ]
        return generation.object("chat.completion.chunk", ["choices": [choice]])
    }

    private static func logprobs(_ tokens: [TokenLogprob]?) -> JSON {
        guard let tokens else { return nil }
        return ["content": .array(tokens.map(entry)), "refusal": nil]
    }

    private static func entry(_ token: TokenLogprob) -> JSON {
        [
            "token": .string(token.token), "logprob": .measure(token.logprob),
            "bytes": bytes(token.token),
            "top_logprobs": .array(
                token.top.map {
                    [
                        "token": .string($0.token), "logprob": .measure($0.logprob),
                        "bytes": bytes($0.token),
                    ]
                }),
        ]
    }

    private static func bytes(_ token: String) -> JSON {
        .array(token.utf8.map { .count(Int($0)) })
    }
}
