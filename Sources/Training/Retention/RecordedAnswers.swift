import Models
import Multitask
import Tensor

/// What earlier tasks' heads answer on the rows of a stage, recorded before it (LwF).
struct RecordedAnswers {
    /// Logits `[rows of the task, classes of the head]`.
    private var answers: [Key: Tensor] = [:]

    private static let batch = 16

    private struct Key: Hashable {
        var task: Int
        var head: Int
    }

    /// Records the answers of `heads` on every row of `tasks`.
    /// - Parameter between: called before each batch; what it throws ends the recording.
    mutating func record(
        tasks: [Int], heads: [Int], data: [[Example]], runner: StepRunner, backend: any Backend,
        between: () throws -> Void
    ) throws {
        answers = [:]
        for task in tasks {
            for head in heads where head != task {
                // A head reads any row: the row is passed off as one of the head's own task.
                let posed = data[task].map { example in
                    var posed = Example(task: head, tokens: example.tokens, targets: [0])
                    posed.types = example.types
                    return posed
                }
                var logits: [Float] = []
                for start in stride(from: 0, to: posed.count, by: Self.batch) {
                    try between()
                    let rows = posed[start..<min(start + Self.batch, posed.count)]
                    let outcomes = try runner.pass.run(rows.map { StepRow($0) }, recording: false)
                    logits += outcomes.flatMap(\.logits)
                }
                answers[Key(task: task, head: head)] = Tensor(
                    logits, [posed.count, logits.count / max(1, posed.count)], backend: backend)
            }
        }
    }

    /// What a row should keep answering.
    func targets(
        task: Int, row: Int, need: RetentionNeeds.Distillation, share: Double
    ) -> [OutputTarget] {
        answers.filter { $0.key.task == task }.sorted { $0.key.head < $1.key.head }
            .map { key, tensor in
                let classes = tensor.shape[1]
                let start = tensor.pointer + row * classes
                return OutputTarget(
                    head: key.head,
                    kept: Array(UnsafeBufferPointer(start: start, count: classes)),
                    form: .tempered(need.temperature), weight: need.weight * share)
            }
    }

    var saved: SavedState {
        var state = SavedState()
        let keys = answers.keys.sorted { ($0.task, $0.head) < ($1.task, $1.head) }
        state.metadata["answers"] = keys.map { "\($0.task) \($0.head)" }.joined(separator: " ")
        state.tensors = keys.compactMap { key in answers[key].map { (Self.name(key), $0) } }
        return state
    }

    mutating func restore(_ source: SavedSource, backend: any Backend) throws {
        let numbers = try source.integers("answers")
        answers = [:]
        for place in stride(from: 0, to: numbers.count - 1, by: 2) {
            let key = Key(task: numbers[place], head: numbers[place + 1])
            guard let shape = source.file.shape(Self.name(key)), shape.count == 2 else {
                throw SavedSource.mismatch("lacks recorded answers")
            }
            let tensor = Tensor(shape, backend: backend)
            try source.read(Self.name(key), into: tensor)
            answers[key] = tensor
        }
    }

    private static func name(_ key: Key) -> String { "answers.\(key.task).\(key.head)" }
}
