import Glibc
import HTTP
import JSON
import Spec
import Store
import WorkerProtocol

extension API {
    /// POST /v1/classify
    @Sendable func classify(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let body = try await JSONBody.read(request, limits: limits)
        var fields = try FieldReader(body.value)
        let inputs = try classifyInputs(&fields)
        let rawScores = try fields.flag("raw_scores") ?? false
        let options = ClassifyAnswer.Options(
            topK: try fields.integer("top_k", in: 1...100_000),
            threshold: try fields.number("threshold", in: rawScores ? -1e6...1e6 : 0...1),
            rawScores: rawScores)
        let truncate = try fields.flag("truncate") ?? false
        let choice = try await chooseModel(&fields, kind: .classification)
        try fields.finish()
        guard let task = choice.task else { throw APIError(.internal, "no task was chosen") }
        let result = try await compute.classify(
            model: choice.model, task: task, inputs: inputs, truncate: truncate)
        let answer = try ClassifyAnswer(result, inputs: inputs.count, options: options)
        return .json([
            "id": .string(Self.newID("cls_")), "object": "list", "created": .count(time(nil)),
            "model": .string(choice.model.id), "task": .string(task), "data": answer.data,
            "usage": [
                "prompt_tokens": .count(result.promptTokens),
                "total_tokens": .count(result.promptTokens),
            ],
        ])
    }

    private func classifyInputs(_ fields: inout FieldReader) throws -> [String] {
        guard let input = fields.value("input") else {
            throw fields.missing("input", "a text or an array of texts")
        }
        if let text = input.string { return [try nonEmpty(text, "input")] }
        guard let array = input.array else {
            throw fields.invalid(
                "input",
                "must be a string or an array of strings, found "
                    + FieldReader.found(input))
        }
        guard (1...limits.classifyInputsMax).contains(array.count) else {
            throw fields.invalid(
                "input", "must hold 1 to \(limits.classifyInputsMax) texts, found \(array.count)")
        }
        return try array.enumerated().map { index, value in
            if value.array != nil {
                throw APIError.notAvailable("input[\(index)]", "pairs of texts come later")
            }
            guard let text = value.string else {
                throw fields.invalid(
                    "input[\(index)]", "must be a string, found \(FieldReader.found(value))")
            }
            return try nonEmpty(text, "input[\(index)]")
        }
    }

    private func nonEmpty(_ text: String, _ parameter: String) throws -> String {
        guard !text.isEmpty else {
            throw APIError.invalid(parameter, "must not be empty, found 0 bytes")
        }
        return text
    }

    /// A new id: the prefix and 24 random hexadecimal digits.
    static func newID(_ prefix: String) -> String {
        let digits = (0..<3).map { _ in
            let text = String(UInt32.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 8 - text.utf8.count) + text
        }
        return prefix + digits.joined()
    }
}
