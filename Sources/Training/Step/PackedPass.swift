// Examples through the model in packed pieces: the one forward pass that training and evaluation
// share. It knows nothing of optimisers or weights' meaning.

import Models
import Tensor

/// What the forward pass says of one example.
struct ExampleLoss {
    /// Sum over the targets.
    var lossSum: Double
    var targets: Int
    /// Of the task's head: a number for each label or value, for each place where it has several;
    /// empty for tasks that write text.
    var logits: [Float] = []

    var mean: Double { lossSum / Double(targets) }
}

/// Runs rows forward, and backward where asked to; splits a batch that does not
/// fit in memory.
final class PackedPass {
    let model: Model
    let tasks: [TrainingTask]
    /// Largest piece in tokens; halved when memory runs out.
    var tokensMax = Int.max
    /// Told the new `tokensMax` and the reason after memory ran out.
    var onSplit: (Int, String) -> Void = { _, _ in }
    private let backend: any Backend

    init(_ model: Model, tasks: [TrainingTask], backend: any Backend) {
        self.model = model
        self.tasks = tasks
        self.backend = backend
    }

    /// - Parameters:
    ///   - rows: in the order of `StepRow.sorted`.
    ///   - recording: gradients are cleared first and then accumulated; else forward only.
    /// - Throws: `TrainingError` `out_of_memory` when a single example does not fit.
    func run(_ rows: [StepRow], recording: Bool) throws(TrainingError) -> [ExampleLoss] {
        while true {
            if recording { for parameter in model.parameters { parameter.clearGradients() } }
            let pieces = pieces(rows)
            var losses: [ExampleLoss] = []
            var failure: String?
            for piece in pieces where failure == nil {
                let result = attempt(rows[piece], recording: recording)
                losses += result.losses
                failure = result.failure
            }
            guard let failure else { return losses }
            recover()
            guard let longest = pieces.filter({ $0.count > 1 }).map({ tokens(rows[$0]) }).max()
            else {
                throw TrainingError(
                    code: "out_of_memory",
                    message: "one sequence alone does not fit in memory (\(failure)); lower "
                        + "max_length or give the worker more memory")
            }
            tokensMax = max(1, longest / 2)
            onSplit(tokensMax, failure)
        }
    }

    /// Forgets everything that was computed on refused memory, accumulators included (freezing a
    /// parameter drops its own), and gives kept memory back.
    private func recover() {
        for parameter in model.parameters where parameter.isTrainable {
            parameter.isTrainable = false
            parameter.isTrainable = true
        }
        backend.clearFailure()
        backend.trim()
    }

    /// Why the backend refused memory since the last call, forgotten with it.
    func takeFailure() -> BackendFailure? {
        defer { if backend.failure != nil { recover() } }
        return backend.failure
    }

    private func tokens(_ rows: ArraySlice<StepRow>) -> Int {
        rows.reduce(0) { $0 + $1.example.length }
    }

    /// A piece has rows of one column only.
    private func pieces(_ rows: [StepRow]) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var start = 0
        var tokens = 0
        let columns = self.tasks.map { model.column(task: $0.name) }
        for (index, row) in rows.enumerated() {
            let length = row.example.length
            let isAnother =
                columns[row.example.task] != columns[rows[start].example.task]
            if tokens > 0, isAnother || tokens + length > tokensMax {
                pieces.append(start..<index)
                start = index
                tokens = 0
            }
            tokens += length
        }
        if start < rows.count { pieces.append(start..<rows.count) }
        return pieces
    }

    private func attempt(
        _ piece: ArraySlice<StepRow>, recording: Bool
    ) -> (losses: [ExampleLoss], failure: String?) {
        let tape = Tape(backend, recording: recording)
        var graph = PieceGraph(model: model, tasks: tasks, rows: Array(piece), tape: tape)
        let losses = graph.run()
        if recording, tape.failure == nil { tape.backward() }
        guard let failure = tape.failure else { return (losses, nil) }
        return ([], failure.message)
    }
}
