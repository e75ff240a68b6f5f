import Models
import Spec
import Tensor

/// The forward pass of one packed piece: one run through the backbone, then each task's head on
/// its own rows.
struct PieceGraph {
    let model: Model
    let tasks: [TrainingTask]
    /// In the order of `StepRow.sorted`.
    let rows: [StepRow]
    let tape: Tape
    private var losses: [ExampleLoss?]

    /// Neighbouring rows of one task in one gradient.
    private struct Group {
        var task: Int
        var span: Int
        var members: Range<Int>
    }

    init(model: Model, tasks: [TrainingTask], rows: [StepRow], tape: Tape) {
        self.model = model
        self.tasks = tasks
        self.rows = rows
        self.tape = tape
        losses = rows.map { _ in nil }
    }

    /// One loss per row, in order.
    mutating func run() -> [ExampleLoss] {
        let adapters = tasks.map { model.adapterKey(task: $0.name) }
        let batch = PackedBatch(
            rows.map { (task: $0.span, tokens: $0.example.tokens) },
            adapters: rows.map { adapters[$0.example.task] })
        let hidden = model.backbone.hiddenStates(batch, caches: nil, on: tape)
        let groups = groups()
        for group in groups where tasks[group.task].kind == .classification {
            classify(group, hidden, batch.segments)
        }
        for group in groups where tape.isRecording { keepOutputs(group, hidden, batch.segments) }
        let generation = groups.filter { tasks[$0.task].kind == .generation }
        if !generation.isEmpty { generate(generation, hidden, batch.segments) }
        return losses.compactMap { $0 }
    }

    private func groups() -> [Group] {
        var groups: [Group] = []
        for (index, row) in rows.enumerated() {
            let (task, span) = (row.example.task, row.span)
            if let last = groups.last, last.task == task, last.span == span {
                groups[groups.count - 1].members = last.members.lowerBound..<index + 1
            } else {
                groups.append(Group(task: task, span: span, members: index..<index + 1))
            }
        }
        return groups
    }

    private mutating func classify(_ group: Group, _ hidden: Tensor, _ segments: [Segment]) {
        let members = rows[group.members]
        let logits = model.classify(
            hidden, segments: Array(segments[group.members]), head: tasks[group.task].name,
            task: group.span, on: tape)
        let values = logits.floats()
        let rowLosses = tape.crossEntropy(
            logits, targets: members.map { $0.example.targets[0] },
            weights: tape.isRecording ? members.map { Float($0.weight ?? 0) } : [])
        let classes = values.count / members.count
        for (row, member) in group.members.enumerated() {
            losses[member] = ExampleLoss(
                lossSum: Double(rowLosses[row]), targets: 1,
                logits: Array(values[row * classes..<(row + 1) * classes]))
        }
    }

    /// Seeds the gradients of outputs that rows of the group should keep, head by head.
    private func keepOutputs(_ group: Group, _ hidden: Tensor, _ segments: [Segment]) {
        let heads = Set(rows[group.members].flatMap { $0.outputs.map(\.head) })
        for head in heads.sorted() {
            let pairs = group.members.flatMap { member in
                rows[member].outputs.filter { $0.head == head }.map { (member, $0) }
            }
            let logits = model.classify(
                hidden, segments: pairs.map { segments[$0.0] }, head: tasks[head].name,
                task: group.span, on: tape)
            let values = logits.floats()
            let classes = values.count / pairs.count
            let gradient = pairs.enumerated().flatMap { row, pair in
                pair.1.gradient(values[row * classes..<(row + 1) * classes])
            }
            tape.seed(logits, gradient: gradient)
        }
    }

    private mutating func generate(
        _ groups: [Group], _ hidden: Tensor, _ segments: [Segment]
    ) {
        var indices: [Int32] = []
        var targets: [Int32] = []
        var weights: [Float] = []
        var spans: [TaskSpan] = []
        for group in groups {
            let start = indices.count
            for member in group.members {
                let example = rows[member].example
                let end = segments[member].upperBound
                indices += (end - example.targets.count..<end).map { Int32($0) }
                targets += example.targets
                if tape.isRecording {
                    let weight = Float((rows[member].weight ?? 0) / Double(example.targets.count))
                    weights += repeatElement(weight, count: example.targets.count)
                }
            }
            spans.append(TaskSpan(task: group.span, rows: start..<indices.count))
        }
        let selected = tape.gather(
            hidden, indices, rows: RowSpace(count: indices.count, spans: spans))
        let values = tape.linearCrossEntropy(
            selected, model.backbone.outputProjection, targets: targets, weights: weights)
        var next = 0
        for member in groups.flatMap(\.members) {
            let count = rows[member].example.targets.count
            let sum = values[next..<next + count].reduce(0) { $0 + Double($1) }
            losses[member] = ExampleLoss(lossSum: sum, targets: count)
            next += count
        }
    }
}
