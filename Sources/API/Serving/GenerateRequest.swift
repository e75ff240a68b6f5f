import JSON
import Spec
import WorkerProtocol

/// The body of `POST /v1/generate`, checked.
struct GenerateRequest: Sendable {
    var prompt: String
    var raw: Bool
    var choices: Int
    var sampling: SamplingOptions
    var stream: Bool
    var includeUsage: Bool
    var timeoutMilliseconds: Int

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
        sampling = try Self.sampling(&fields, limits)
        stream = try fields.flag("stream") ?? false
        includeUsage = false
        if var options = try fields.object("stream_options") {
            includeUsage = try options.flag("include_usage") ?? false
            try options.finish()
            guard stream else {
                throw fields.invalid("stream_options", "is only for `stream`: true")
            }
        }
        timeoutMilliseconds =
            try fields.integer("timeout_ms", in: 1...limits.timeoutMillisecondsMax)
            ?? limits.timeoutMillisecondsMax
    }

    private static func sampling(
        _ fields: inout FieldReader, _ limits: APILimits
    ) throws -> SamplingOptions {
        var sampling = SamplingOptions()
        sampling.maxTokens = try fields.integer("max_tokens", in: 1...1_000_000) ?? 256
        sampling.temperature = try fields.number("temperature", in: 0...10) ?? 0
        sampling.topK = try fields.integer("top_k", in: 0...1_000_000) ?? 0
        sampling.topP = try fields.number("top_p", in: 0...1, openBelow: true) ?? 1
        sampling.minP = try fields.number("min_p", in: 0...1) ?? 0
        sampling.repetitionPenalty =
            try fields.number("repetition_penalty", in: 0...10, openBelow: true) ?? 1
        sampling.seed =
            UInt64(try fields.integer("seed", in: 0...Int.max) ?? Int.random(in: 0...Int.max / 2))
        sampling.logprobs = try fields.integer("logprobs", in: 0...limits.logprobsMax) ?? 0
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
