import Models
import Multitask
import Spec
import Tensor

/// What earlier tasks' heads answer on the rows of a stage, recorded before it (LwF). A generation
/// task's head is the language model itself; it answers after the positions that a row trains on,
/// or else after the last ones.
struct RecordedAnswers {
    private var answers: [Key: KeptOutputs] = [:]

    /// Positions of a classification row after which a language model answers.
    static let positionsMax = 16

    private struct Key: Hashable {
        var task: Int
        var head: Int
    }

    /// Records the answers of `heads` on every row of `tasks`, in one forward pass over the rows;
    /// heads with one output layer answer once.
    /// - Parameters:
    ///   - temperature: of the kept distributions over tokens.
    ///   - between: called before each batch; what it throws ends the recording.
    mutating func record(
        tasks: [Int], heads: [Int], data: [[Example]], temperature: Double, runner: StepRunner,
        backend: any Backend, between: () throws -> Void
    ) throws {
        answers = [:]
        for task in tasks {
            var layers: Set<ObjectIdentifier> = []
            let others = heads.filter { head in
                guard head != task else { return false }
                let name = runner.tasks[head].name
                let layer = runner.model.classifiers[name]?.weight
                return layers.insert(
                    ObjectIdentifier(layer ?? runner.model.backbone.outputProjection)
                ).inserted
            }
            if others.isEmpty { continue }
            var found = others.map { _ in [OutputTarget.Kept]() }
            for batch in data[task].batches(tokensMax: runner.pass.tokensMax) {
                try between()
                let reader = AnswerReader(
                    Array(data[task][batch]), runner, temperature: temperature, backend)
                for (place, head) in others.enumerated() { found[place] += reader.answers(head) }
                if let failure = backend.failure { throw failure }
            }
            for (head, outputs) in zip(others, found) {
                answers[Key(task: task, head: head)] = KeptOutputs(outputs, backend)
            }
        }
    }

    /// What a row should keep answering.
    func targets(
        task: Int, row: Int, need: RetentionNeeds.Distillation, share: Double
    ) -> [OutputTarget] {
        answers.filter { $0.key.task == task }.sorted { $0.key.head < $1.key.head }
            .map { key, outputs in
                OutputTarget(
                    head: key.head, kept: outputs[row], form: .tempered(need.temperature),
                    weight: need.weight * share)
            }
    }

    var saved: SavedState {
        var state = SavedState()
        let keys = answers.keys.sorted { ($0.task, $0.head) < ($1.task, $1.head) }
        state.metadata["answers"] = keys.map { "\($0.task) \($0.head)" }.joined(separator: " ")
        for key in keys {
            if let outputs = answers[key] { state.add(outputs.saved(Self.name(key))) }
        }
        return state
    }

    mutating func restore(_ source: SavedSource, backend: any Backend) throws {
        let numbers = try source.integers("answers")
        answers = [:]
        for place in stride(from: 0, to: numbers.count - 1, by: 2) {
            let key = Key(task: numbers[place], head: numbers[place + 1])
            answers[key] = try KeptOutputs(source, Self.name(key), backend)
        }
    }

    private static func name(_ key: Key) -> String { "answers.\(key.task).\(key.head)" }
}

/// The heads' answers on one batch.
private struct AnswerReader {
    private let rows: [Example]
    private let runner: StepRunner
    private let temperature: Double
    private let tape: Tape
    private let hidden: Tensor
    private let segments: [Segment]

    /// - Parameter rows: of one task; at least one.
    init(_ rows: [Example], _ runner: StepRunner, temperature: Double, _ backend: any Backend) {
        self.rows = rows
        self.runner = runner
        self.temperature = temperature
        tape = Tape(backend, recording: false)
        let name = runner.tasks[rows[0].task].name
        let hasTypes = rows.contains { !$0.types.isEmpty }
        let batch = PackedBatch(
            rows.map { (task: 0, tokens: $0.tokens) },
            types: hasTypes
                ? rows.map { $0.types.isEmpty ? $0.tokens.map { _ in 0 } : $0.types } : [],
            adapters: rows.map { _ in runner.model.adapterKey(task: name) })
        segments = batch.segments
        hidden = runner.model.hiddenStates(
            batch, column: runner.model.column(task: name), caches: nil, on: tape)
    }

    func answers(_ head: Int) -> [OutputTarget.Kept] {
        let model = runner.model
        if runner.tasks[head].kind == .generation { return tokens(model) }
        let logits = model.classify(
            hidden, segments: segments, head: runner.tasks[head].name, task: 0, on: tape
        ).floats()
        let classes = logits.count / rows.count
        return rows.indices.map { .logits(Array(logits[$0 * classes..<($0 + 1) * classes])) }
    }

    private func tokens(_ model: Model) -> [OutputTarget.Kept] {
        let counts = rows.map { row in
            runner.tasks[row.task].kind == .generation
                ? row.targets.count : min(RecordedAnswers.positionsMax, row.tokens.count)
        }
        let places = zip(segments, counts).flatMap { segment, count in
            (segment.upperBound - count..<segment.upperBound).map { Int32($0) }
        }
        let selected = tape.gather(hidden, places, rows: RowSpace(count: places.count))
        let kept = tape.topTokens(
            selected, model.backbone.outputProjection, width: OutputTarget.tokensKept,
            temperature: Float(temperature))
        // Of refused memory there is nothing to keep; who called sees the failure.
        guard tape.failure == nil else { return rows.map { _ in .logits([]) } }
        var start = 0
        return counts.map { count in
            defer { start += count }
            return .tokens(kept[start..<start + count])
        }
    }
}
