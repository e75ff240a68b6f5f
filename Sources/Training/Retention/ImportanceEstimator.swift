import Models
import Multitask
import Spec
import Tensor

/// How much a task's answers depend on each parameter of the model as it is: the mean over its rows
/// of the squared score of each row, ∂ log p(y|x)/∂θ, the diagonal of the Fisher information
/// (1612.00796, §2), or of |∂‖logits‖²/∂θ| (1711.09601, eq. 3).
///
/// Rows are samples of packed batches: the gradient of each matrix is formed sample by sample and
/// tile by tile, squared and added, and never stored. The square of a batch's mean gradient instead
/// would be too small by the batch's size.
struct ImportanceEstimator {
    /// Tokens of a batch: logits of generation rows are kept until its end.
    private static let batchTokens = 512
    /// Samples of a batch: small parameters keep a gradient of each.
    private static let batchSamples = 32

    let runner: StepRunner
    let backend: any Backend
    let importance: RetentionNeeds.Anchor.Importance
    let seed: UInt64
    /// Matrices of the backbone with fewer values count as small.
    var matrixMin = 1 << 15

    /// The sum of the importances for each task, by parameter.
    /// - Parameters:
    ///   - examples: by task; a task's importance is the mean over its rows.
    ///   - between: called before each batch; what it throws ends the estimate.
    /// - Throws: `TrainingError` `out_of_memory` when a single row does not fit.
    func estimate(
        _ examples: [[Example]], between: () throws -> Void
    ) throws -> [Int: Tensor] {
        var tokensMax = min(Self.batchTokens, runner.pass.tokensMax)
        while true {
            if let sums = try attempt(examples, tokensMax, between) { return sums }
            // Nothing of a failed attempt is used: start over in smaller batches.
            guard tokensMax > 1 else {
                throw TrainingError(
                    code: "out_of_memory",
                    message: "one row alone does not fit in memory while importances are "
                        + "estimated; lower max_length or give the worker more memory")
            }
            tokensMax /= 2
        }
    }

    private var form: ScoreForm { importance == .outputs ? .magnitude : .square }

    private func attempt(
        _ examples: [[Example]], _ tokensMax: Int, _ between: () throws -> Void
    ) throws -> [Int: Tensor]? {
        let parameters = runner.parameters
        var sums: [Int: Tensor] = [:]
        defer {
            for parameter in parameters { parameter.scores = nil }
            runner.prepareSlots()
        }
        for rows in examples where !rows.isEmpty {
            let factor = 1 / Float(rows.count)
            prepare(parameters, factor, &sums)
            let samples = rows.enumerated().flatMap { scored($1, number: $0) }
            for batch in Self.batches(samples, tokensMax: tokensMax) {
                try between()
                guard add(Array(samples[batch]), factor, &sums) else {
                    // Accumulators on refused memory go; freezing a parameter drops its own.
                    for parameter in parameters {
                        parameter.isTrainable = false
                        parameter.isTrainable = true
                    }
                    backend.clearFailure()
                    backend.trim()
                    return nil
                }
            }
        }
        return sums
    }

    private func prepare(
        _ parameters: [Parameter], _ factor: Float, _ sums: inout [Int: Tensor]
    ) {
        let backbone = Set(runner.model.backbone.parameters.map(ObjectIdentifier.init))
        for (index, parameter) in parameters.enumerated() {
            parameter.clearGradients()
            let isMatrix =
                backbone.contains(ObjectIdentifier(parameter))
                && parameter.value.shape.count == 2 && parameter.value.count >= matrixMin
            guard isMatrix else { continue }
            let sum = sums[index] ?? zeros(parameter.value.shape)
            sums[index] = sum
            parameter.slots = 1
            parameter.scores = SampleScores(sum, form, factor: factor)
        }
    }

    /// - Returns: whether there was memory for it.
    private func add(
        _ samples: [StepRow], _ factor: Float, _ sums: inout [Int: Tensor]
    ) -> Bool {
        let parameters = runner.parameters
        for parameter in parameters where parameter.scores == nil {
            parameter.clearGradients()
            parameter.slots = samples.count
        }
        let rows = samples.enumerated().map { place, sample in
            var row = sample
            row.span = place
            return row
        }
        let tape = Tape(backend, recording: true)
        var graph = PieceGraph(model: runner.model, tasks: runner.tasks, rows: rows, tape: tape)
        _ = graph.run()
        if tape.failure == nil { tape.backward() }
        guard tape.failure == nil else { return false }
        for (index, parameter) in parameters.enumerated() {
            if let scores = parameter.scores {
                scores.finish()
                continue
            }
            for case let gradient? in parameter.gradients {
                let sum = sums[index] ?? zeros(parameter.value.shape)
                backend.addScores(
                    gradient.pointer, factor: factor, form, into: sum.pointer, gradient.count)
                sums[index] = sum
            }
        }
        return backend.failure == nil
    }

    /// The row with the answers whose scores count.
    private func scored(_ example: Example, number: Int) -> [StepRow] {
        // The row's loss is a mean over its targets; the score is of their sum.
        var row = StepRow(example, weight: Double(example.termCount))
        if importance == .outputs {
            row.answer = .squaredNorm
            return [row]
        }
        if importance == .score(.empirical) { return [row] }
        let task = runner.tasks[example.task]
        if importance == .score(.exact), case .text = task.kind.learnt.readout,
            example.values.isEmpty
        {
            let classes = runner.model.classifiers[task.name]?.bias.value.count ?? 0
            return (0..<Int32(classes)).map { label in
                row.answer = .expected(label)
                return row
            }
        }
        let generator = SeededGenerator(seed, UInt64(example.task), UInt64(number))
        if example.isWritten {
            row.example.targets = written(example, generator)
            return [row]
        }
        row.answer = .drawn(generator)
        return [row]
    }

    private static func batches(_ samples: [StepRow], tokensMax: Int) -> [Range<Int>] {
        var batches: [Range<Int>] = []
        var (start, tokens) = (0, 0)
        for (index, sample) in samples.enumerated() {
            let length = sample.example.length
            if index > start, tokens + length > tokensMax || index - start >= batchSamples {
                batches.append(start..<index)
                (start, tokens) = (index, 0)
            }
            tokens += length
        }
        if start < samples.count { batches.append(start..<samples.count) }
        return batches
    }

    private func zeros(_ shape: [Int]) -> Tensor {
        let tensor = Tensor(shape, backend: backend)
        backend.zero(tensor.pointer, tensor.count)
        return tensor
    }

    /// A text that a decoder writes: each target drawn from the model's own prediction after the
    /// row's true prefix.
    private func written(_ example: Example, _ generator: SeededGenerator) -> [Int32] {
        var generator = generator
        let tape = Tape(backend, recording: false)
        let model = runner.model
        let task = runner.tasks[example.task].name
        let (adapter, column) = (model.adapterKey(task: task), model.column(task: task))
        let batch = PackedBatch([(task: 0, tokens: example.tokens)], adapters: [adapter])
        let hidden = model.hiddenStates(batch, column: column, caches: nil, on: tape)
        let states = model.writingStates(
            hidden, batch.segments, targets: [(task: 0, tokens: example.targets)],
            adapters: [adapter], on: tape)
        let logits = tape.linear(states, model.networks[column].outputProjection).floats()
        let classes = logits.count / example.targets.count
        return example.targets.indices.map { row in
            let values = logits[row * classes..<(row + 1) * classes]
            return Int32(Draw.index(softmaxOf: values, using: &generator))
        }
    }
}
