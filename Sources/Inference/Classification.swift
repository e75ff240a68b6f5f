package import Models
package import Tensor

/// Classifies texts with a task head of a model.
package enum Classification {
    /// Rows of one packed forward pass; a longer input makes a pass of its own.
    static let tokensMax = 1024

    /// Inputs for one task of one model.
    package struct Part {
        package var model: Model
        package var task: String
        package var inputs: [String]
        /// The number of the first input, for messages.
        package var first: Int
        /// Cut inputs to the model's context; else a longer one is an error.
        package var truncate: Bool

        package init(
            model: Model, task: String, inputs: [String], first: Int = 0, truncate: Bool = false
        ) {
            self.model = model
            self.task = task
            self.inputs = inputs
            self.first = first
            self.truncate = truncate
        }
    }

    package struct Outcome {
        /// One row per input, aligned with the head's labels.
        package var logits: [[Float]] = []
        /// Of all inputs.
        package var promptTokens = 0
    }

    private struct Sequence {
        var part: Int
        var tokens: [Int32]
    }

    /// Classifies inputs for several tasks, each with its adapter, in packed passes of
    /// `tokensMax` through the one backbone that the models share; one outcome for each part.
    /// - Throws: `invalid_input` for an unknown task, an empty input, or, without `truncate`, one
    ///   longer than the model's context.
    package static func logits(
        _ parts: [Part], backend: any Backend
    ) throws -> (parts: [Outcome], passes: Int) {
        precondition(
            parts.allSatisfy { $0.model.backbone === parts[0].model.backbone },
            "a pass has one backbone")
        var outcomes = parts.map { _ in Outcome() }
        var sequences: [Sequence] = []
        for (place, part) in parts.enumerated() {
            guard let head = part.model.heads.first(where: { $0.task == part.task }),
                part.model.classifiers[part.task] != nil
            else {
                throw ModelError(
                    code: "invalid_input",
                    message: "task: the model has no such classification task")
            }
            for (index, input) in part.inputs.enumerated() {
                let tokens = try tokens(
                    part.model, head, input, index: part.first + index, truncate: part.truncate)
                outcomes[place].promptTokens += tokens.count
                sequences.append(Sequence(part: place, tokens: tokens))
            }
        }
        var passes = 0
        var begin = 0
        while begin < sequences.count {
            var end = begin + 1
            var rows = sequences[begin].tokens.count
            while end < sequences.count, rows + sequences[end].tokens.count <= tokensMax {
                rows += sequences[end].tokens.count
                end += 1
            }
            let columns = Dictionary(grouping: sequences[begin..<end]) { sequence in
                parts[sequence.part].model.column(task: parts[sequence.part].task)
            }
            for (column, sequences) in columns {
                pass(sequences, column: column, parts, into: &outcomes, backend)
                passes += 1
            }
            begin = end
        }
        return (outcomes, passes)
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

    /// One forward pass, then each part's head on its own rows.
    private static func pass(
        _ sequences: [Sequence], column: Int, _ parts: [Part], into outcomes: inout [Outcome],
        _ backend: any Backend
    ) {
        let keys = parts.map { $0.model.adapterKey(task: $0.task) }
        let batch = PackedBatch(
            sequences.map { (task: 0, tokens: $0.tokens) },
            adapters: sequences.map { keys[$0.part] })
        let tape = Tape(backend, recording: false)
        let model = parts[sequences[0].part].model
        let hidden = model.hiddenStates(batch, column: column, caches: nil, on: tape)
        let members = Dictionary(grouping: zip(sequences, batch.segments)) { $0.0.part }
        for (place, members) in members {
            let part = parts[place]
            let logits = part.model.classify(
                hidden, segments: members.map(\.1), head: part.task, task: 0, on: tape)
            let values = logits.floats()
            let classes = values.count / members.count
            outcomes[place].logits += (0..<members.count).map {
                Array(values[($0 * classes)..<(($0 + 1) * classes)])
            }
        }
    }
}
