import Models
import Spec
import Tensor

/// The forward pass of one packed piece: one run through the backbone, then each task's head on
/// its own rows.
struct PieceGraph {
    let model: Model
    let tasks: [TrainingTask]
    /// Tasks ascending.
    let examples: [Example]
    /// Of each example's mean loss; `nil` when not recording.
    let weights: [Double]?
    let tape: Tape
    private var losses: [ExampleLoss?]

    init(
        model: Model, tasks: [TrainingTask], examples: [Example], weights: [Double]?, tape: Tape
    ) {
        self.model = model
        self.tasks = tasks
        self.examples = examples
        self.weights = weights
        self.tape = tape
        losses = examples.map { _ in nil }
    }

    /// One loss per example, in order.
    mutating func run() -> [ExampleLoss] {
        let batch = PackedBatch(examples.map { (task: $0.task, tokens: $0.tokens) })
        let hidden = model.backbone.hiddenStates(batch, caches: nil, on: tape)
        for (task, members) in runs(of: .classification) {
            classify(task, members, hidden, batch.segments)
        }
        let generation = runs(of: .generation)
        if !generation.isEmpty { generate(generation, hidden, batch.segments) }
        return losses.compactMap { $0 }
    }

    /// Ranges of examples by task, for the tasks of one kind.
    private func runs(of kind: TaskKind) -> [(task: Int, members: [Int])] {
        tasks.indices.filter { tasks[$0].kind == kind }.compactMap { task in
            let members = examples.indices.filter { examples[$0].task == task }
            return members.isEmpty ? nil : (task, members)
        }
    }

    private mutating func classify(
        _ task: Int, _ members: [Int], _ hidden: Tensor, _ segments: [Segment]
    ) {
        let logits = model.classify(
            hidden, segments: members.map { segments[$0] }, head: tasks[task].name, task: task,
            on: tape)
        let values = logits.floats()
        let rows = tape.crossEntropy(
            logits, targets: members.map { examples[$0].targets[0] },
            weights: weights.map { weights in members.map { Float(weights[$0]) } } ?? [])
        let classes = values.count / members.count
        for (row, member) in members.enumerated() {
            let scores = values[row * classes..<(row + 1) * classes]
            let best = scores.indices.max { scores[$0] < scores[$1] } ?? scores.startIndex
            losses[member] = ExampleLoss(
                lossSum: Double(rows[row]), targets: 1,
                predicted: Int32(best - scores.startIndex))
        }
    }

    private mutating func generate(
        _ runs: [(task: Int, members: [Int])], _ hidden: Tensor, _ segments: [Segment]
    ) {
        var indices: [Int32] = []
        var targets: [Int32] = []
        var rowWeights: [Float] = []
        var spans: [TaskSpan] = []
        for run in runs {
            let start = indices.count
            for member in run.members {
                let example = examples[member]
                let end = segments[member].upperBound
                indices += (end - example.targets.count..<end).map { Int32($0) }
                targets += example.targets
                if let weights {
                    let weight = Float(weights[member] / Double(example.targets.count))
                    rowWeights += repeatElement(weight, count: example.targets.count)
                }
            }
            spans.append(TaskSpan(task: run.task, rows: start..<indices.count))
        }
        let rows = tape.gather(
            hidden, indices, rows: RowSpace(count: indices.count, spans: spans))
        let values = tape.linearCrossEntropy(
            rows, model.backbone.outputProjection, targets: targets, weights: rowWeights)
        var next = 0
        for member in runs.flatMap(\.members) {
            let count = examples[member].targets.count
            let sum = values[next..<next + count].reduce(0) { $0 + Double($1) }
            losses[member] = ExampleLoss(lossSum: sum, targets: count, predicted: nil)
            next += count
        }
    }
}
