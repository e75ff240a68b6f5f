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
    struct Group {
        var task: Int
        var span: Int
        var members: Range<Int>
    }

    /// What the backbone made of the rows.
    struct States {
        /// `[N, D]`
        var hidden: Tensor
        /// Of the rows, in order.
        var segments: [Segment]
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
        let batch = batch()
        let states = States(
            hidden: model.hiddenStates(batch, column: column, caches: nil, on: tape),
            segments: batch.segments)
        let groups = groups()
        // Groups that share a projection go through it together.
        var (next, written): ([Group], [Group]) = ([], [])
        for group in groups {
            switch tasks[group.task].kind.learnt.readout {
            case .text(let loss): readTexts(group, states, loss)
            case .places: readPlaces(group, states)
            case .next: next.append(group)
            case .written: written.append(group)
            }
        }
        for group in groups where tape.isRecording { keepOutputs(group, states) }
        if !next.isEmpty { readNext(next, states) }
        if !written.isEmpty { readWritten(written, states) }
        return losses.compactMap { $0 }
    }

    /// The rows' network; all have one.
    var column: Int {
        rows.first.map { model.column(task: tasks[$0.example.task].name) } ?? 0
    }

    mutating func set(_ loss: ExampleLoss, of member: Int) { losses[member] = loss }

    private func batch() -> PackedBatch {
        let hasTypes = rows.contains { !$0.example.types.isEmpty }
        return PackedBatch(
            rows.map { (task: $0.span, tokens: $0.example.tokens) },
            types: hasTypes
                ? rows.map { row in
                    row.example.types.isEmpty
                        ? row.example.tokens.map { _ in 0 } : row.example.types
                } : [],
            adapters: rows.map { adapter($0.example.task) })
    }

    func adapter(_ task: Int) -> String? { model.adapterKey(task: tasks[task].name) }

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

    /// Seeds the gradients of outputs that rows of the group should keep, head by head.
    private func keepOutputs(_ group: Group, _ states: States) {
        let heads = Set(rows[group.members].flatMap { $0.outputs.map(\.head) })
        for head in heads.sorted() {
            let pairs = group.members.flatMap { member in
                rows[member].outputs.filter { $0.head == head }.map { (member, $0) }
            }
            let logits = model.classify(
                states.hidden, segments: pairs.map { states.segments[$0.0] },
                head: tasks[head].name, task: group.span, on: tape)
            let values = logits.floats()
            let classes = values.count / pairs.count
            let gradient = pairs.enumerated().flatMap { row, pair in
                pair.1.gradient(values[row * classes..<(row + 1) * classes])
            }
            tape.seed(logits, gradient: gradient)
        }
    }
}
