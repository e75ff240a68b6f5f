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
    package var outputs: [Float] = []
    /// The words that were tagged, in characters (Unicode scalars) of the text.
    package var words: [Range<Int>]
    /// Tokens that were read.
    package var tokens: Int
}

/// Reads texts with task heads of models, or as vectors.
package enum Classification {
    /// Rows of one packed forward pass; a longer input makes a pass of its own.
    static let tokensMax = 1024

    /// Inputs for one task of one model.
    package struct Part {
        package var model: Model
        /// Whose head answers, aligned with its labels; nil: a vector of each input.
        package var task: String?
        package var inputs: [ModelInput]
        /// The number of the first input, for messages.
        package var first: Int
        /// Cut inputs to the model's context; else a longer one is an error.
        package var truncate: Bool

        package init(
            model: Model, task: String?, inputs: [ModelInput], first: Int = 0,
            truncate: Bool = false
        ) {
            self.model = model
            self.task = task
            self.inputs = inputs
            self.first = first
            self.truncate = truncate
        }

        fileprivate var column: Int { task.map { model.column(task: $0) } ?? 0 }
        fileprivate var adapter: String? { task.flatMap { model.adapterKey(task: $0) } }

        /// - Throws: `invalid_input` for a task without a head that reads.
        fileprivate func head() throws -> HeadSpec? {
            guard let task else { return nil }
            guard let head = model.heads.first(where: { $0.task == task }),
                model.classifiers[task] != nil
            else {
                throw ModelError(
                    code: "invalid_input",
                    message: "task: the model has no such classification task")
            }
            return head
        }
    }

    private struct Sequence {
        var part: Int
        /// Among the part's inputs.
        var place: Int
        var read: ReadSequence
    }

    /// Answers inputs for several tasks, each with its adapter, in packed passes of `tokensMax`
    /// through the one backbone that the models share; the answers of each part in order.
    /// - Throws: `invalid_input` for an unknown task, an empty input, or, without `truncate`, one
    ///   longer than the model's context.
    package static func answers(
        _ parts: [Part], backend: any Backend
    ) throws -> (parts: [[ReadAnswer]], passes: Int) {
        precondition(
            parts.allSatisfy { $0.model.backbone === parts[0].model.backbone },
            "a pass has one backbone")
        var sequences: [Sequence] = []
        var answers: [[ReadAnswer]] = []
        for (number, part) in parts.enumerated() {
            let head = try part.head()
            let own = try part.inputs.enumerated().map { place, input in
                Sequence(
                    part: number, place: place,
                    read: try ReadSequence(
                        input, part.model, head, name: "input[\(part.first + place)]",
                        truncate: part.truncate))
            }
            answers.append(
                own.map {
                    ReadAnswer(
                        words: $0.read.words.map(\.characters), tokens: $0.read.tokens.count)
                })
            sequences += own
        }
        var passes = 0
        var begin = 0
        while begin < sequences.count {
            var end = begin + 1
            var rows = sequences[begin].read.tokens.count
            while end < sequences.count, rows + sequences[end].read.tokens.count <= tokensMax {
                rows += sequences[end].read.tokens.count
                end += 1
            }
            let columns = Dictionary(grouping: sequences[begin..<end]) { parts[$0.part].column }
            for (column, sequences) in columns {
                pass(sequences, column: column, parts, into: &answers, backend)
                passes += 1
            }
            begin = end
        }
        return (answers, passes)
    }

    /// One forward pass, then each part's head on its own rows.
    private static func pass(
        _ sequences: [Sequence], column: Int, _ parts: [Part], into answers: inout [[ReadAnswer]],
        _ backend: any Backend
    ) {
        let hasTypes = sequences.contains { $0.read.types.contains { $0 != 0 } }
        let adapters = parts.map(\.adapter)
        let batch = PackedBatch(
            sequences.map { (task: 0, tokens: $0.read.tokens) },
            types: hasTypes ? sequences.map(\.read.types) : [],
            adapters: sequences.map { adapters[$0.part] })
        let tape = Tape(backend, recording: false)
        let model = parts[sequences[0].part].model
        let hidden = model.hiddenStates(batch, column: column, caches: nil, on: tape)
        let members = Dictionary(grouping: zip(sequences, batch.segments)) { $0.0.part }
        for (number, members) in members {
            let reads = members.map(\.0.read)
            let values = outputs(
                parts[number], hidden,
                places: members.flatMap { sequence, segment in
                    sequence.read.words.map { Int32(segment.lowerBound + $0.place) }
                }, segments: members.map(\.1), tagsWords: reads.contains(where: \.tagsWords), tape)
            let counts = reads.map { $0.tagsWords ? $0.words.count : 1 }
            let width = values.count / max(1, counts.reduce(0, +))
            var start = 0
            for (member, count) in zip(members, counts) {
                let end = start + count * width
                answers[number][member.0.place].outputs = Array(values[start..<end])
                start = end
            }
        }
    }

    private static func outputs(
        _ part: Part, _ hidden: Tensor, places: [Int32], segments: [Segment], tagsWords: Bool,
        _ tape: Tape
    ) -> [Float] {
        guard let task = part.task else {
            return part.model.embed(hidden, segments: segments, on: tape).floats()
        }
        guard tagsWords else {
            return part.model.classify(hidden, segments: segments, head: task, task: 0, on: tape)
                .floats()
        }
        guard !places.isEmpty else { return [] }
        return part.model.classifyTokens(hidden, rows: places, head: task, task: 0, on: tape)
            .floats()
    }
}
