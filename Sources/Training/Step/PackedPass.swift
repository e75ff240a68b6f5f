// Examples through the model in packed pieces: the one forward pass that training and evaluation
// share. It knows tasks by kind, and nothing of optimisers or weights' meaning.

import Models
import Tensor

/// What the forward pass says of one example.
struct ExampleLoss {
    /// Sum over the targets.
    var lossSum: Double
    var targets: Int
    /// The most likely class; classification only.
    var predicted: Int32?

    var mean: Double { lossSum / Double(targets) }
}

/// Runs examples forward, and backward where row weights are given; splits a batch that does not
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
    ///   - examples: tasks ascending.
    ///   - weights: the weight of each example's mean loss; gradients are cleared first and then
    ///     accumulated. `nil`: forward only.
    /// - Throws: `TrainingError` `out_of_memory` when a single example does not fit.
    func run(_ examples: [Example], weights: [Double]?) throws(TrainingError) -> [ExampleLoss] {
        while true {
            if weights != nil { for parameter in model.parameters { parameter.clearGradients() } }
            let pieces = pieces(examples)
            var losses: [ExampleLoss] = []
            var failure: String?
            for piece in pieces where failure == nil {
                let result = attempt(examples[piece], weights: weights.map { $0[piece] })
                losses += result.losses
                failure = result.failure
            }
            guard let failure else { return losses }
            recover()
            guard let longest = pieces.filter({ $0.count > 1 }).map({ tokens(examples[$0]) }).max()
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

    private func tokens(_ examples: ArraySlice<Example>) -> Int {
        examples.reduce(0) { $0 + $1.tokens.count }
    }

    private func pieces(_ examples: [Example]) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var start = 0
        var tokens = 0
        for (index, example) in examples.enumerated() {
            if tokens > 0, tokens + example.tokens.count > tokensMax {
                pieces.append(start..<index)
                start = index
                tokens = 0
            }
            tokens += example.tokens.count
        }
        if start < examples.count { pieces.append(start..<examples.count) }
        return pieces
    }

    private func attempt(
        _ piece: ArraySlice<Example>, weights: ArraySlice<Double>?
    ) -> (losses: [ExampleLoss], failure: String?) {
        let tape = Tape(backend, recording: weights != nil)
        var graph = PieceGraph(
            model: model, tasks: tasks, examples: Array(piece), weights: weights.map(Array.init),
            tape: tape)
        let losses = graph.run()
        if weights != nil, tape.failure == nil { tape.backward() }
        guard let failure = tape.failure else { return (losses, nil) }
        return ([], failure.message)
    }
}
