import JSON
import Spec
import WorkerProtocol

/// What a route that generates was asked for, checked.
struct GenerateRequest: Sendable {
    /// `max_tokens` of a route that generates until the text or the context ends.
    static let untilEnd = 1_000_001

    var prompt: String
    /// Of a chat; the prompt is empty then.
    var messages: [ChatTurn]?
    var raw: Bool
    var choices: Int
    var sampling: SamplingOptions
    var stream: Bool
    var includeUsage: Bool
    var timeoutMilliseconds: Int

    /// The body of `POST /v1/generate`.
    /// - Throws: `APIError` naming the parameter and its range. Does not call `finish`.
    init(_ fields: inout FieldReader, limits: APILimits) throws {
        guard let prompt = try fields.string("prompt") else {
            throw fields.missing("prompt", "the text to go on from")
        }
        guard !prompt.isEmpty else {
            throw fields.invalid("prompt", "must not be empty, found 0 bytes")
        }
        self.prompt = prompt
        raw = try fields.flag("raw") ?? false
        choices = try fields.integer("n", in: 1...limits.generateChoicesMax) ?? 1
        sampling = try Self.sampling(&fields, limits, SamplingOptions())
        sampling.logprobs = try fields.integer("logprobs", in: 0...limits.logprobsMax) ?? 0
        (stream, includeUsage) = try Self.streaming(&fields)
        timeoutMilliseconds =
            try fields.integer("timeout_ms", in: 1...limits.timeoutMillisecondsMax)
            ?? limits.timeoutMillisecondsMax
    }

    /// What OpenAI's routes have in common, after `prompt`, `messages` and `raw` were set.
    init(
        openAI fields: inout FieldReader, limits: APILimits, defaults: SamplingOptions,
        logprobs: Int?, prompt: String, messages: [ChatTurn]?, raw: Bool
    ) throws {
        self.prompt = prompt
        self.messages = messages
        self.raw = raw
        choices = try fields.integer("n", in: 1...limits.generateChoicesMax) ?? 1
        sampling = try Self.sampling(&fields, limits, defaults)
        sampling.logprobs = logprobs ?? 0
        (stream, includeUsage) = try Self.streaming(&fields)
        timeoutMilliseconds = limits.timeoutMillisecondsMax
        try Self.refuseUnsupported(&fields)
    }

    private static func streaming(_ fields: inout FieldReader) throws -> (Bool, usage: Bool) {
        let stream = try fields.flag("stream") ?? false
        guard var options = try fields.object("stream_options") else { return (stream, false) }
        let includeUsage = try options.flag("include_usage") ?? false
        try options.finish()
        guard stream else { throw fields.invalid("stream_options", "is only for `stream`: true") }
        return (stream, includeUsage)
    }

    private static func sampling(
        _ fields: inout FieldReader, _ limits: APILimits, _ defaults: SamplingOptions
    ) throws -> SamplingOptions {
        var sampling = defaults
        sampling.maxTokens =
            try fields.integer("max_tokens", in: 1...1_000_000) ?? defaults.maxTokens
        sampling.temperature =
            try fields.number("temperature", in: 0...10) ?? defaults.temperature
        sampling.topK = try fields.integer("top_k", in: 0...1_000_000) ?? 0
        sampling.topP = try fields.number("top_p", in: 0...1, openBelow: true) ?? 1
        sampling.minP = try fields.number("min_p", in: 0...1) ?? 0
        sampling.repetitionPenalty =
            try fields.number("repetition_penalty", in: 0...10, openBelow: true) ?? 1
        sampling.seed =
            UInt64(try fields.integer("seed", in: 0...Int.max) ?? Int.random(in: 0...Int.max / 2))
        sampling.stop = try stop(&fields, limits)
        return sampling
    }

    private static func stop(
        _ fields: inout FieldReader, _ limits: APILimits
    ) throws -> [String] {
        guard let value = fields.value("stop") else { return [] }
        guard let values = value.string.map({ _ in [value] }) ?? value.array else {
            throw fields.invalid(
                "stop",
                "must be a string or an array of strings, found "
                    + FieldReader.found(value))
        }
        guard values.count <= limits.stopStringsMax else {
            throw fields.invalid(
                "stop", "must hold at most \(limits.stopStringsMax) strings, found \(values.count)")
        }
        return try values.enumerated().map { index, value in
            guard let text = value.string, (1...limits.stopBytesMax).contains(text.utf8.count)
            else {
                throw fields.invalid(
                    "stop[\(index)]",
                    "must be a string of 1 to \(limits.stopBytesMax) bytes, found "
                        + FieldReader.found(value))
            }
            return text
        }
    }
}
