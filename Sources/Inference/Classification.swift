package import Models
package import Tensor

/// Classifies texts with a task head of a model.
package enum Classification {
    /// Rows of one packed forward pass; a longer input makes a pass of its own.
    static let tokensMax = 1024

    /// Logits per input (aligned with the head's labels), in packed batches of `tokensMax`, and
    /// the tokens of all inputs. Messages count the inputs from `first`.
    /// - Throws: `invalid_input` for an unknown task, an empty input, or, without `truncate`, one
    ///   longer than the model's context.
    package static func logits(
        _ model: Model, task: String, inputs: [String], first: Int = 0, truncate: Bool,
        backend: any Backend
    ) throws -> (logits: [[Float]], promptTokens: Int) {
        guard let head = model.heads.first(where: { $0.task == task }),
            model.classifiers[task] != nil
        else {
            throw ModelError(
                code: "invalid_input", message: "task: the model has no such classification task")
        }
        let sequences = try inputs.enumerated().map { index, input in
            try tokens(model, head, input, index: first + index, truncate: truncate)
        }
        var logits: [[Float]] = []
        var begin = 0
        while begin < sequences.count {
            var end = begin + 1
            var rows = sequences[begin].count
            while end < sequences.count, rows + sequences[end].count <= tokensMax {
                rows += sequences[end].count
                end += 1
            }
            logits += classify(model, task, Array(sequences[begin..<end]), backend)
            begin = end
        }
        return (logits, sequences.reduce(0) { $0 + $1.count })
    }

    private static func tokens(
        _ model: Model, _ head: HeadSpec, _ input: String, index: Int, truncate: Bool
    ) throws -> [Int32] {
        let message = ChatMessage(role: "user", content: input)
        let tokens = try model.promptTokens([message], format: head.format)
        let limit = model.backbone.configuration.contextLength
        guard !tokens.isEmpty else {
            throw ModelError(
                code: "invalid_input", message: "input[\(index)]: it is empty; give some text")
        }
        guard tokens.count <= limit || truncate else {
            throw ModelError(
                code: "invalid_input",
                message: "input[\(index)]: \(tokens.count) tokens exceed the model's context of "
                    + "\(limit); shorten it or set truncate")
        }
        return Array(tokens.prefix(limit))
    }

    private static func classify(
        _ model: Model, _ task: String, _ sequences: [[Int32]], _ backend: any Backend
    ) -> [[Float]] {
        let batch = PackedBatch(sequences.map { (task: 0, tokens: $0) })
        let tape = Tape(backend, recording: false)
        let hidden = model.backbone.hiddenStates(batch, caches: nil, on: tape)
        let logits = model.classify(
            hidden, segments: batch.segments, head: task, task: 0, on: tape)
        let values = logits.floats()
        let classes = values.count / sequences.count
        return (0..<sequences.count).map { Array(values[($0 * classes)..<(($0 + 1) * classes)]) }
    }
}
