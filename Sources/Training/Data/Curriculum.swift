import Models
import Multitask
import Spec
import Tensor

/// A pacing and the rankings that it opens: a function of the data, the starting weights and the
/// seed.
struct Curriculum {
    let method: any CurriculumMethod
    /// Rows of each task in the order in which they come into play.
    let rankings: [[Int]]

    /// Rows of a task that are open.
    func open(task: Int, progress: Double) -> Int {
        let count = Double(rankings[task].count)
        return max(1, Int((method.competence(progress: progress) * count).rounded(.up)))
    }

    /// - Parameter difficulties: of each row by task; ignored by a random order.
    init(_ method: any CurriculumMethod, difficulties: [[Double]], seed: UInt64) {
        self.method = method
        rankings = difficulties.enumerated().map { task, values in
            guard method.ranksByDifficulty else {
                var generator = SeededGenerator(seed, 3, UInt64(task))
                return generator.permutation(values.count)
            }
            return values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        }
    }

    /// Mean token loss of each row under the model as it is: of the completion after its prompt
    /// where there is one, else of the text.
    /// - Parameter between: called before each batch; what it throws ends the reading.
    static func difficulties(
        _ data: [TaskData], model: Model, backend: any Backend, between: () throws -> Void
    ) throws -> [[Double]] {
        let reader = TrainingTask(name: "", kind: .generation)
        let pass = PackedPass(model, tasks: [reader], backend: backend)
        return try data.map { task in
            var values: [Double] = []
            for start in stride(from: 0, to: task.training.count, by: 16) {
                try between()
                let rows = task.training[start..<min(start + 16, task.training.count)]
                let texts = rows.map { StepRow(text($0, kind: task.spec.kind)) }
                let losses = try pass.run(texts, recording: false).map(\.mean)
                values += zip(rows, losses).map {
                    Self.isPredicted($0, kind: task.spec.kind) ? $1 : 0
                }
            }
            return values
        }
    }

    /// Of a text of one token nothing is: it is as easy as can be.
    private static func isPredicted(_ example: Example, kind: TaskKind) -> Bool {
        kind.traits.writesText || example.tokens.count > 1
    }

    private static func text(_ example: Example, kind: TaskKind) -> Example {
        guard !kind.traits.writesText else {
            return Example(task: 0, tokens: example.tokens, targets: example.targets)
        }
        guard isPredicted(example, kind: kind) else {
            return Example(task: 0, tokens: example.tokens, targets: [0])
        }
        return Example(task: 0, sequence: example.tokens, targetStart: 1)
    }
}
