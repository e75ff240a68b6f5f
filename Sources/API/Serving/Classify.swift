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
        let choice = try await chooseModel(&fields, for: .classification)
        guard let task = choice.task else { throw APIError(.internal, "no task was chosen") }
        let inputs = try classifyInputs(&fields, arePairs: task.kind == .pairClassification)
        let rawScores = try fields.flag("raw_scores") ?? false
        let options = ClassifyAnswer.Options(
            topK: try fields.integer("top_k", in: 1...100_000),
            threshold: try fields.number("threshold", in: rawScores ? -1e6...1e6 : 0...1),
            rawScores: rawScores)
        let truncate = try fields.flag("truncate") ?? false
        try fields.finish()
        let result = try await compute.classify(
            model: choice.model, task: task.name, inputs: inputs, truncate: truncate)
        let answer = try ClassifyAnswer(
            result, kind: task.kind, inputs: inputs.count, options: options)
        return .json([
            "id": .string(Self.newID("cls_")), "object": "list", "created": .count(time(nil)),
            "model": .string(choice.model.id), "task": .string(task.name), "data": answer.data,
            "usage": [
                "prompt_tokens": .count(result.promptTokens),
                "total_tokens": .count(result.promptTokens),
            ],
        ])
    }

    /// One text or a list of them; for a task on two texts a list of pairs.
    private func classifyInputs(
        _ fields: inout FieldReader, arePairs: Bool
    ) throws -> [InputText] {
        let rule =
            arePairs
            ? "an array of pairs of texts" : "a string or an array of strings"
        guard let input = fields.value("input") else { throw fields.missing("input", rule) }
        if let text = input.string, !arePairs { return [InputText(try nonEmpty(text, "input"))] }
        guard let array = input.array else {
            throw fields.invalid("input", "must be \(rule), found \(FieldReader.found(input))")
        }
        guard (1...limits.classifyInputsMax).contains(array.count) else {
            throw fields.invalid(
                "input", "must hold 1 to \(limits.classifyInputsMax) texts, found \(array.count)")
        }
        return try array.enumerated().map { index, value in
            let name = "input[\(index)]"
            if arePairs { return try pair(value, name) }
            guard let text = value.string else {
                throw fields.invalid(
                    name,
                    "must be a string, found \(FieldReader.found(value))"
                        + (value.array == nil ? "" : "; the task reads one text, not a pair"))
            }
            return InputText(try nonEmpty(text, name))
        }
    }

    private func pair(_ value: JSON, _ name: String) throws -> InputText {
        let texts = (value.array ?? []).compactMap(\.string)
        guard texts.count == 2, value.array?.count == 2 else {
            throw APIError.invalid(
                name, "must be two texts, [a, b], found \(FieldReader.found(value))")
        }
        return InputText(
            try nonEmpty(texts[0], "\(name)[0]"), pair: try nonEmpty(texts[1], "\(name)[1]"))
    }

    func nonEmpty(_ text: String, _ parameter: String) throws -> String {
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
