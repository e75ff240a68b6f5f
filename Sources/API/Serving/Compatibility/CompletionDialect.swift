import JSON
import WorkerProtocol

/// OpenAI's `/v1/completions`.
struct CompletionDialect: GenerationDialect {
    let prefix = "cmpl-"

    func whole(_ generation: Generation, _ record: GenerationRecord) -> JSON {
        generation.object(
            "text_completion",
            [
                "choices": record.choices {
                    choice($0, $1, $2, $3.map { Self.logprobs($0, from: 0) })
                }, "usage": record.usageJSON,
            ])
    }

    func opening(_ generation: Generation) -> [JSON] { [] }

    func chunks(
        _ generation: Generation, _ delta: GenerateDelta, _ record: GenerationRecord
    ) -> [JSON] {
        let logprobs = generation.logprobs(of: delta).map {
            Self.logprobs($0, from: record.logprobScalars[delta.choice] - delta.logprobScalars)
        }
        let choice = choice(delta.choice, delta.text, delta.finishReason, logprobs)
        return [generation.object("text_completion", ["choices": [choice]])]
    }

    func usage(_ generation: Generation, _ record: GenerationRecord) -> JSON {
        generation.object("text_completion", ["choices": [], "usage": record.usageJSON])
    }

    private func choice(
        _ index: Int, _ text: String, _ reason: String?, _ logprobs: JSON?
    ) -> JSON {
        [
            "index": .count(index), "text": .string(text),
            "finish_reason": .optional(reason.map(OpenAIReason.of)),
            "logprobs": logprobs ?? nil,
        ]
    }

    /// - Parameter start: the place of the first of them in the choice's text, in scalars.
    private static func logprobs(_ tokens: [TokenLogprob], from start: Int) -> JSON {
        var offset = start
        let offsets = tokens.map { token in
            defer { offset += token.token.unicodeScalars.count }
            return JSON.count(offset)
        }
        let top = tokens.map { token in
            var object = JSONObject()
            for entry in token.top { object[entry.token] = .measure(entry.logprob) }
            return JSON.object(object)
        }
        return [
            "tokens": .array(tokens.map { .string($0.token) }),
            "token_logprobs": .array(tokens.map { .measure($0.logprob) }),
            "top_logprobs": .array(top), "text_offset": .array(offsets),
        ]
    }
}

/// OpenAI knows two ways for a text to end.
enum OpenAIReason {
    static func of(_ reason: String) -> String { reason == "stop" ? "stop" : "length" }
}
