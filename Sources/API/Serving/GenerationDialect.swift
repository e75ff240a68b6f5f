import JSON
import WorkerProtocol

/// How one API says what was generated.
protocol GenerationDialect: Sendable {
    /// Of the answer's id.
    var prefix: String { get }
    func whole(_ generation: Generation, _ record: GenerationRecord) -> JSON
    /// What a stream begins with, once something was generated.
    func opening(_ generation: Generation) -> [JSON]
    /// The chunks of one delta, the last that the record took; one that ends its choice has a
    /// reason.
    func chunks(_ generation: Generation, _ delta: GenerateDelta, _ record: GenerationRecord)
        -> [JSON]
    /// The last chunk, where the client asked for it.
    func usage(_ generation: Generation, _ record: GenerationRecord) -> JSON
}

/// `/v1/generate`.
struct NativeDialect: GenerationDialect {
    let prefix = "gen_"

    func whole(_ generation: Generation, _ record: GenerationRecord) -> JSON {
        generation.object(
            "text_completion",
            [
                "choices": record.choices(choice),
                "usage": record.usageJSON, "timings": record.timings,
                "seed": .integer(Int64(clamping: generation.parameters.sampling.seed)),
            ])
    }

    func opening(_ generation: Generation) -> [JSON] { [] }

    func chunks(
        _ generation: Generation, _ delta: GenerateDelta, _ record: GenerationRecord
    ) -> [JSON] {
        let choice = choice(
            delta.choice, delta.text, delta.finishReason, generation.logprobs(of: delta))
        return [generation.object("text_completion.chunk", ["choices": [choice]])]
    }

    func usage(_ generation: Generation, _ record: GenerationRecord) -> JSON {
        generation.object(
            "text_completion.chunk",
            ["choices": [], "usage": record.usageJSON, "timings": record.timings])
    }

    private func choice(
        _ index: Int, _ text: String, _ reason: String?, _ logprobs: [TokenLogprob]?
    ) -> JSON {
        [
            "index": .count(index), "text": .string(text), "finish_reason": .optional(reason),
            "logprobs": logprobs.map { ["content": .array($0.map(\.json))] } ?? nil,
        ]
    }
}

extension GenerationRecord {
    /// The choices in their order, each as `json` says it.
    func choices(_ json: (Int, String, String?, [TokenLogprob]?) -> JSON) -> JSON {
        .array(texts.indices.map { json($0, texts[$0], reasons[$0], logprobs(of: $0)) })
    }
}

extension Generation {
    /// Nil where none were asked for.
    func logprobs(of delta: GenerateDelta) -> [TokenLogprob]? {
        parameters.sampling.logprobs > 0 ? delta.logprobs : nil
    }
}

extension TokenLogprob {
    var json: JSON {
        [
            "token": .string(token), "logprob": .measure(logprob),
            "top_logprobs": .array(
                top.map { ["token": .string($0.token), "logprob": .measure($0.logprob)] }),
        ]
    }
}
