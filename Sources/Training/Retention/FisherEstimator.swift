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
                let row = StepRow(labelled, weight: Double(labelled.targets.count))
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
        if runner.tasks[example.task].kind == .generation {
            var sampled = example
            sampled.targets = continuation(example, &generator)
            return [(sampled, 1)]
        }
        let outcome = try runner.pass.run([StepRow(example)], recording: false)
        let probabilities = OutputTarget.softmax((outcome.first?.logits ?? []).map(Double.init))
        func labelled(_ label: Int) -> Example {
            var copy = example
            copy.targets = [Int32(label)]
            return copy
        }
        if labels == .exact {
            return probabilities.enumerated().map { (labelled($0), $1) }
        }
        return [(labelled(Self.sample(probabilities, &generator)), 1)]
    }

    /// Each target drawn from the model's own prediction after the row's true prefix.
    private func continuation(
        _ example: Example, _ generator: inout SeededGenerator
    ) -> [Int32] {
        let tape = Tape(backend, recording: false)
        let model = runner.model
        let batch = PackedBatch(
            [(task: 0, tokens: example.tokens)],
            adapters: [model.adapterKey(task: runner.tasks[example.task].name)])
        let hidden = model.backbone.hiddenStates(batch, caches: nil, on: tape)
        let count = example.targets.count
        let rows = (example.tokens.count - count..<example.tokens.count).map { Int32($0) }
        let selected = tape.gather(hidden, rows, rows: RowSpace(count: count))
        let logits = tape.linear(selected, model.backbone.outputProjection).floats()
        let classes = logits.count / count
        return (0..<count).map { row in
            let values = logits[row * classes..<(row + 1) * classes].map(Double.init)
            return Int32(Self.sample(OutputTarget.softmax(values), &generator))
        }
    }

    private static func sample(
        _ probabilities: [Double], _ generator: inout SeededGenerator
    ) -> Int {
        var left = generator.uniform()
        for (index, probability) in probabilities.enumerated() {
            left -= probability
            if left < 0 { return index }
        }
        return probabilities.count - 1
    }

    private func zeros(_ shape: [Int]) -> Tensor {
        let tensor = Tensor(shape, backend: backend)
        backend.zero(tensor.pointer, tensor.count)
        return tensor
    }
}
