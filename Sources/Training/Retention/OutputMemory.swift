import Models
import Multitask
import Tensor

extension ExampleLoss {
    /// What the row answered, to be kept.
    var kept: OutputTarget.Kept { tokens.map { .tokens($0) } ?? .logits(logits) }
}

/// Rows kept with the outputs that they had when they were kept (DER++), one reservoir a task.
struct OutputMemory {
    private struct Kept: Equatable {
        var row: Int
        var outputs: OutputTarget.Kept
    }

    private let need: RetentionNeeds.StoredOutputs
    private let seed: UInt64
    private var reservoirs: [Reservoir]
    private var kept: [[Kept]]

    init(_ need: RetentionNeeds.StoredOutputs, counts: [Int], seed: UInt64) {
        self.need = need
        self.seed = seed
        reservoirs = counts.enumerated().map { task, count in
            Reservoir(
                capacity: TaskMemory.quota(need.fraction, of: count),
                seed: SeededGenerator.hash("outputs \(task)", seed: seed))
        }
        kept = counts.map { _ in [] }
    }

    /// Offers a row the first time that it is trained on.
    mutating func offer(task: Int, row: Int, _ outputs: OutputTarget.Kept) {
        guard let slot = reservoirs[task].offer() else { return }
        let item = Kept(row: row, outputs: outputs)
        if slot < kept[task].count { kept[task][slot] = item } else { kept[task].append(item) }
    }

    /// Keeps rows of a task that was learnt before the run with what the model answers now; nothing
    /// to do for a task that this run trained.
    /// - Parameter between: called before each batch; what it throws ends the recording.
    mutating func record(
        _ task: Int, _ examples: [Example], runner: StepRunner, between: () throws -> Void
    ) throws {
        guard reservoirs[task].seen == 0 else { return }
        let slots = reservoirs[task].fill(from: examples.count)
        let chosen = slots.map { examples[$0] }
        for batch in chosen.batches(tokensMax: runner.pass.tokensMax) {
            try between()
            let rows = batch.map { place in
                var row = StepRow(chosen[place], weight: 1)
                row.keepsOutputs = true
                return row
            }
            let losses = try runner.pass.run(rows, recording: false)
            kept[task] += zip(batch, losses).map { Kept(row: slots[$0], outputs: $1.kept) }
        }
    }

    /// Rows of a step beside its own: one draw with outputs, another with labels.
    func rows(
        newRows: Int, step: Int, tasks: [Int], data: (_ task: Int, _ row: Int) -> Example
    ) -> [StepRow] {
        let sources = tasks.filter { !kept[$0].isEmpty }
        func places(_ stream: String) -> [(task: Int, item: Kept)] {
            TaskMemory.places(
                counts: sources.map { kept[$0].count }, newRows: newRows, rate: need.rate,
                step: step, seed: SeededGenerator.hash(stream, seed: seed)
            ).map { (sources[$0], kept[sources[$0]][$1]) }
        }
        let (outputs, labels) = (places("outputs"), places("labels"))
        let first = outputs.map { task, item in
            var row = StepRow(data(task, item.row), weight: 0)
            row.outputs = [
                OutputTarget(
                    head: task, kept: item.outputs, form: .squared,
                    weight: need.outputWeight / Double(outputs.count))
            ]
            return row
        }
        return first
            + labels.map { task, item in
                StepRow(data(task, item.row), weight: need.labelWeight / Double(labels.count))
            }
    }

    func saved(backend: any Backend) -> SavedState {
        var state = SavedState()
        state.metadata["outputs.seen"] = reservoirs.map { "\($0.seen)" }.joined(separator: " ")
        for (task, items) in kept.enumerated() where !items.isEmpty {
            state.metadata["outputs.\(task).rows"] = items.map { "\($0.row)" }
                .joined(separator: " ")
            state.add(KeptOutputs(items.map(\.outputs), backend).saved("outputs.\(task)"))
        }
        return state
    }

    mutating func restore(_ source: SavedSource, backend: any Backend) throws {
        let seen = try source.integers("outputs.seen")
        guard seen.count == reservoirs.count, seen.allSatisfy({ $0 >= 0 }) else {
            throw SavedSource.mismatch("keeps outputs of other tasks")
        }
        for (task, count) in seen.enumerated() {
            reservoirs[task] = Reservoir(
                capacity: reservoirs[task].capacity,
                seed: SeededGenerator.hash("outputs \(task)", seed: seed), seen: count)
            kept[task] = []
            guard count > 0 else { continue }
            let rows = try source.integers("outputs.\(task).rows")
            let outputs = try KeptOutputs(source, "outputs.\(task)", backend)
            guard outputs.count == rows.count else {
                throw SavedSource.mismatch("lacks kept outputs")
            }
            kept[task] = rows.enumerated().map { Kept(row: $1, outputs: outputs[$0]) }
        }
    }
}
