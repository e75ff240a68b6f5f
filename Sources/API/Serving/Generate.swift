import Glibc
import HTTP
import JSON
import Spec
import Store
import WorkerProtocol

extension API {
    /// POST /v1/generate: one answer, or with `stream` deltas as server-sent events.
    @Sendable func generate(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let body = try await JSONBody.read(request, limits: limits)
        var fields = try FieldReader(body.value)
        let parameters = try GenerateRequest(&fields, limits: limits)
        let choice = try await chooseModel(&fields, kind: .generation)
        try fields.finish()
        if let context = choice.model.contextLength, parameters.sampling.maxTokens > context {
            throw APIError.invalid(
                "max_tokens",
                "must be at most the model's context of \(context), found "
                    + "\(parameters.sampling.maxTokens)")
        }
        let feed = GenerationFeed(
            compute.generate(
                model: choice.model, task: choice.task, prompt: parameters.prompt,
                raw: parameters.raw, n: parameters.choices, sampling: parameters.sampling),
            timeoutMilliseconds: parameters.timeoutMilliseconds, pingSeconds: limits.pingSeconds)
        let generation = Generation(
            id: Self.newID("gen_"), created: time(nil), model: choice.model.id,
            parameters: parameters)
        return parameters.stream
            ? try await generation.streamed(feed) : try await generation.whole(feed)
    }
}

/// One generation on its way to the client.
struct Generation: Sendable {
    let id: String
    let created: Int
    let model: String
    let parameters: GenerateRequest

    /// The whole text in one answer.
    func whole(_ feed: GenerationFeed) async throws -> Response {
        var record = newRecord()
        for await signal in feed.signals {
            switch signal {
            case .ping: continue
            case .output(let output): record.take(output)
            case .failed(let error): throw error
            case .timeout:
                _ = record.end("timeout")
                return answer(record)
            case .finished:
                _ = record.end("stop")
                return answer(record)
            }
        }
        throw CancellationError()
    }

    func newRecord() -> GenerationRecord {
        GenerationRecord(choices: parameters.choices, logprobs: parameters.sampling.logprobs > 0)
    }

    func object(_ type: String, _ rest: KeyValuePairs<String, JSON>) -> JSON {
        var object: JSONObject = [
            "id": .string(id), "object": .string(type), "created": .count(created),
            "model": .string(model),
        ]
        for (name, value) in rest { object[name] = value }
        return .object(object)
    }

    private func answer(_ record: GenerationRecord) -> Response {
        var response = Response.json(
            object(
                "text_completion",
                [
                    "choices": record.choices, "usage": record.usageJSON,
                    "timings": record.timings,
                    "seed": .integer(Int64(clamping: parameters.sampling.seed)),
                ]))
        response.fields["Cache-Control"] = "no-store"
        return response
    }
}
