import Models
import Multitask
import Spec
import Tensor

/// The diagonal of the Fisher information of one task at the model as it is: the mean over rows of
/// the squared score of each row, ∂ log p(y|x)/∂θ (1612.00796). Row by row: the square of a batch's
/// mean gradient would be too small by the batch's size.
struct FisherEstimator {
    let runner: StepRunner
    let backend: any Backend
    let labels: RetentionNeeds.Anchor.Labels
    let seed: UInt64

    /// Adds the task's F to `sums`, by parameter.
    /// - Parameters:
    ///   - examples: rows of one task; F is the mean over all of them.
    ///   - between: called before each row; what it throws ends the estimate.
    func add(
        _ examples: [Example], to sums: inout [Int: Tensor], between: () throws -> Void
    ) throws {
        let parameters = runner.parameters
        for parameter in parameters {
            parameter.clearGradients()
            parameter.slots = 1
        }
        defer { runner.prepareSlots() }
        for (number, example) in examples.enumerated() {
            try between()
            for (labelled, probability) in try targets(example, number) {
                // The row's loss is a mean over its targets; the score is of their sum.
                let row = StepRow(labelled, weight: Double(labelled.termCount))
                _ = try runner.pass.run([row], recording: true)
                let factor = Float(probability / Double(examples.count))
                for (index, parameter) in parameters.enumerated() where parameter.isTrainable {
                    guard let gradient = parameter.gradients[0] else { continue }
                    let sum = sums[index] ?? zeros(parameter.value.shape)
                    backend.addSquares(
                        gradient.pointer, factor: factor, into: sum.pointer, gradient.count)
                    sums[index] = sum
                }
            }
        }
    }

    /// The row with the labels whose scores count, and with what probability.
    private func targets(
        _ example: Example, _ number: Int
    ) throws -> [(example: Example, probability: Double)] {
        if labels == .empirical { return [(example, 1)] }
        var generator = SeededGenerator(seed, UInt64(number))
        let kind = runner.tasks[example.task].kind
        if kind.traits.writesText {
            var sampled = example
            sampled.targets = continuation(example, &generator)
            return [(sampled, 1)]
        }
        let outcome = try runner.pass.run([StepRow(example)], recording: false)
        let outputs = outcome.first?.logits ?? []
        if labels == .exact, case .text = kind.learnt.readout, example.values.isEmpty {
            return OutputTarget.softmax(outputs.map(Double.init)).enumerated().map {
                var copy = example
                copy.targets = [Int32($0)]
                return (copy, $1)
            }
        }
        return [(kind.learnt.sampled(example, outputs: outputs, using: &generator), 1)]
    }

    /// Each target drawn from the model's own prediction after the row's true prefix.
    private func continuation(
        _ example: Example, _ generator: inout SeededGenerator
    ) -> [Int32] {
        let tape = Tape(backend, recording: false)
        let model = runner.model
        let task = runner.tasks[example.task].name
        let (adapter, column) = (model.adapterKey(task: task), model.column(task: task))
        let batch = PackedBatch([(task: 0, tokens: example.tokens)], adapters: [adapter])
        let hidden = model.hiddenStates(batch, column: column, caches: nil, on: tape)
        let count = example.targets.count
        let end = Int32(example.tokens.count)
        let states =
            example.isWritten
            ? model.writingStates(
                hidden, batch.segments, targets: [(task: 0, tokens: example.targets)],
                adapters: [adapter], on: tape)
            : tape.gather(
                hidden, Array(end - Int32(count)..<end), rows: RowSpace(count: count))
        let logits = tape.linear(states, model.networks[column].outputProjection).floats()
        let classes = logits.count / count
        return (0..<count).map { row in
            let values = logits[row * classes..<(row + 1) * classes]
            return Int32(Draw.index(softmaxOf: values, using: &generator))
        }
    }

    private func zeros(_ shape: [Int]) -> Tensor {
        let tensor = Tensor(shape, backend: backend)
        backend.zero(tensor.pointer, tensor.count)
        return tensor
    }
}
