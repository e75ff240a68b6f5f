package import Models
package import Tensor

/// One input of a head that reads.
package enum ModelInput: Sendable {
    case text(String, pair: String? = nil)
    /// Ids as they are.
    case tokens([Int32])
}

/// What a model answers about one input.
package struct ReadAnswer: Sendable, Equatable {
    /// A number for each output of the head, for each word where it tags words; or a vector of
    /// length 1.
    package var outputs: [Float]
    /// The words that were tagged, in characters (Unicode scalars) of the text.
    package var words: [Range<Int>]
    /// Tokens that were read.
    package var tokens: Int
}

/// Reads texts with a task head of a model, or as vectors.
package enum Classification {
    /// Rows of one packed forward pass; a longer input makes a pass of its own.
    static let tokensMax = 1024

    /// Answers in the order of the inputs, computed in packed batches of `tokensMax`. Messages
    /// count the inputs from `first`.
    /// - Parameter task: whose head answers, aligned with its labels; nil: a vector of each input.
    /// - Throws: `invalid_input` for an unknown task, an empty input, or, without `truncate`, one
    ///   longer than the model's context.
    package static func answers(
        _ model: Model, task: String?, inputs: [ModelInput], first: Int = 0, truncate: Bool,
        backend: any Backend
    ) throws -> [ReadAnswer] {
        let head = try task.map { try self.head($0, of: model) }
        let sequences = try inputs.enumerated().map { index, input in
            try ReadSequence(
                input, model, head, name: "input[\(first + index)]", truncate: truncate)
        }
        var answers: [ReadAnswer] = []
        var begin = 0
        while begin < sequences.count {
            var end = begin + 1
            var rows = sequences[begin].tokens.count
            while end < sequences.count, rows + sequences[end].tokens.count <= tokensMax {
                rows += sequences[end].tokens.count
                end += 1
            }
            answers += read(model, head, Array(sequences[begin..<end]), backend)
            begin = end
        }
        return answers
    }

    private static func head(_ task: String, of model: Model) throws -> HeadSpec {
        guard let head = model.heads.first(where: { $0.task == task }),
            model.classifiers[task] != nil
        else {
            throw ModelError(
                code: "invalid_input", message: "task: the model has no such classification task")
        }
        return head
    }

    private static func read(
        _ model: Model, _ head: HeadSpec?, _ sequences: [ReadSequence], _ backend: any Backend
    ) -> [ReadAnswer] {
        let hasTypes = sequences.contains { $0.types.contains { $0 != 0 } }
        let batch = PackedBatch(
            sequences.map { (task: 0, tokens: $0.tokens) },
            types: hasTypes ? sequences.map(\.types) : [])
        let tape = Tape(backend, recording: false)
        let hidden = model.backbone.hiddenStates(batch, caches: nil, on: tape)
        let rows = sequences.map { $0.tagsWords ? $0.words.count : 1 }
        let values = outputs(
            model, head, hidden,
            places: zip(batch.segments, sequences).flatMap { segment, sequence in
                sequence.words.map { Int32(segment.lowerBound + $0.place) }
            }, segments: batch.segments, tape)
        let width = values.count / max(1, rows.reduce(0, +))
        var start = 0
        return zip(sequences, rows).map { sequence, count in
            defer { start += count * width }
            return ReadAnswer(
                outputs: Array(values[start..<start + count * width]),
                words: sequence.words.map(\.characters), tokens: sequence.tokens.count)
        }
    }

    private static func outputs(
        _ model: Model, _ head: HeadSpec?, _ hidden: Tensor, places: [Int32],
        segments: [Segment], _ tape: Tape
    ) -> [Float] {
        guard let head else { return model.embed(hidden, segments: segments, on: tape).floats() }
        guard head.tagsWords else {
            return model.classify(hidden, segments: segments, head: head.task, task: 0, on: tape)
                .floats()
        }
        guard !places.isEmpty else { return [] }
        return model.classifyTokens(hidden, rows: places, head: head.task, task: 0, on: tape)
            .floats()
    }
}
