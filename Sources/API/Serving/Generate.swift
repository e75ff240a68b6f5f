import Glibc
import HTTP
import JSON
import Spec
import Store
import WorkerProtocol

extension API {
    /// POST /v1/generate: one answer, or with `stream` deltas as server-sent events.
    @Sendable func generate(_ request: Request) async throws -> Response {
        try await generation(request, as: NativeDialect()) { fields, limits in
            try GenerateRequest(&fields, limits: limits)
        }
    }

    /// What every route that generates does; they differ in what they read and how they answer.
    func generation(
        _ request: Request, as dialect: any GenerationDialect,
        reading read: (inout FieldReader, APILimits) throws -> GenerateRequest
    ) async throws -> Response {
        try QueryReader(request).finish()
        let body = try await JSONBody.read(request, limits: limits)
        var fields = try FieldReader(body.value)
        var parameters = try read(&fields, limits)
        let choice = try await chooseModel(&fields, for: .generation)
        try fields.finish()
        if let context = choice.model.contextLength {
            if parameters.sampling.maxTokens == GenerateRequest.untilEnd {
                parameters.sampling.maxTokens = context
            }
            guard parameters.sampling.maxTokens <= context else {
                throw APIError.invalid(
                    "max_tokens",
                    "must be at most the model's context of \(context), found "
                        + "\(parameters.sampling.maxTokens)")
            }
        }
        let feed = GenerationFeed(
            compute.generate(
                model: choice.model, task: choice.task?.name, prompt: parameters.prompt,
                messages: parameters.messages, raw: parameters.raw, n: parameters.choices,
                sampling: parameters.sampling),
            timeoutMilliseconds: parameters.timeoutMilliseconds, pingSeconds: limits.pingSeconds)
        let generation = Generation(
            id: Self.newID(dialect.prefix), created: time(nil), model: choice.model.id,
            parameters: parameters, dialect: dialect)
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
    let dialect: any GenerationDialect

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
        var response = Response.json(dialect.whole(self, record))
        response.fields["Cache-Control"] = "no-store"
        return response
    }
}
