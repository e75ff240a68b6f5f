import FoundationEssentials
import HTTP
import JSON
import Store
import WorkerProtocol

extension API {
    /// POST /v1/embeddings, as the `openai` package sends it: a vector of length 1 for each input,
    /// by any model, fine-tuned or not.
    @Sendable func embeddings(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let body = try await JSONBody.read(request, limits: limits)
        var fields = try FieldReader(body.value)
        let inputs = try embeddingInputs(&fields)
        let isBase64 =
            try fields.choice("encoding_format", of: ["float", "base64"]) == "base64"
        let dimensions = try fields.integer("dimensions", in: 1...1_000_000)
        _ = fields.value("user")
        let model = try await chooseModel(&fields, for: .embedding).model
        try fields.finish()
        let result = try await compute.classify(
            model: model, task: nil, inputs: inputs, truncate: false)
        let width = result.logits.first?.count ?? 0
        guard result.logits.count == inputs.count,
            result.logits.allSatisfy({ $0.count == width && $0.allSatisfy(\.isFinite) })
        else { throw APIError(.internal, "the model gave vectors that are not finite or missing") }
        // A vector's first numbers mean nothing alone unless the model was trained so.
        guard dimensions == nil || dimensions == width else {
            throw APIError.invalid(
                "dimensions",
                "must be \(width), which is what the model has and was not trained to shorten, "
                    + "found \(dimensions ?? 0)")
        }
        let items = result.logits.enumerated().map { index, vector -> JSON in
            [
                "object": "embedding", "index": .count(index),
                "embedding": isBase64
                    ? .string(Self.base64(vector))
                    : .array(vector.map { .number(Double($0)) }),
            ]
        }
        return .json([
            "object": "list", "data": .array(items), "model": .string(model.id),
            "usage": [
                "prompt_tokens": .count(result.promptTokens),
                "total_tokens": .count(result.promptTokens),
            ],
        ])
    }

    /// 32-bit floats, little-endian.
    private static func base64(_ vector: [Float]) -> String {
        var data = Data(capacity: 4 * vector.count)
        for value in vector {
            withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
        }
        return data.base64EncodedString()
    }

    /// A text or a list of token ids, or a list of either.
    private func embeddingInputs(_ fields: inout FieldReader) throws -> [InputText] {
        let rule = "a text, an array of texts, an array of token ids, or an array of those"
        guard let input = fields.value("input") else { throw fields.missing("input", rule) }
        if let text = input.string { return [InputText(try nonEmpty(text, "input"))] }
        guard let entries = input.array else {
            throw fields.invalid("input", "must be \(rule), found \(FieldReader.found(input))")
        }
        if entries.first?.integer != nil {
            return [InputText(tokens: try tokenIDs(entries, "input"))]
        }
        guard (1...limits.classifyInputsMax).contains(entries.count) else {
            throw fields.invalid(
                "input", "must hold 1 to \(limits.classifyInputsMax) texts, found \(entries.count)")
        }
        return try entries.enumerated().map { index, value in
            let name = "input[\(index)]"
            if let ids = value.array { return InputText(tokens: try tokenIDs(ids, name)) }
            guard let text = value.string else {
                throw fields.invalid(
                    name, "must be a string or token ids, found \(FieldReader.found(value))")
            }
            return InputText(try nonEmpty(text, name))
        }
    }

    private func tokenIDs(_ values: [JSON], _ name: String) throws -> [Int32] {
        guard (1...limits.embeddingTokensMax).contains(values.count) else {
            throw APIError.invalid(
                name, "must hold 1 to \(limits.embeddingTokensMax) token ids, found \(values.count)"
            )
        }
        return try values.map { value in
            guard let id = value.integer.flatMap({ Int32(exactly: $0) }), id >= 0 else {
                throw APIError.invalid(
                    name, "must hold token ids from 0 on, found \(FieldReader.found(value))")
            }
            return id
        }
    }
}
