// How tasks' gradients lie to each other, measured beside the training: a pass of its own over
// the last matrices of the model, so that it costs little and changes nothing.

import Models
import NN
import Tensor

/// One measurement.
struct GradientMeasurement {
    /// Tasks that had rows.
    var tasks: [Int]
    /// ‖gₜ‖, gₜ the gradient of task t's mean loss; in the order of `tasks`, as all below.
    var norms: [Double]
    /// cos(gᵢ, gⱼ).
    var cosines: [[Double]]
    /// Between the gradients of two halves of the same task's rows; `nil` with fewer than two.
    var within: [Double?]
    /// −gᵢᵀPgⱼ: what a step of unit learning rate for task i alone does to the loss of task j, to
    /// first order, with Adam's preconditioner; empty before the third update.
    var effects: [[Double]]
}

struct GradientProbe {
    /// Steps from one measurement to the next: one costs less than half a step, so that all of them
    /// cost about one per cent.
    static let stepsBetween = 40
    /// Fewest steps from one to the next where epochs are short.
    private static let stepsBetweenMin = 10

    /// Whether a step of an epoch of `count` steps is measured: half-way at the latest, then every
    /// fortieth, so that each evaluation follows a measurement; of epochs of a few steps not each one.
    static func isDue(epoch: Int, step: Int, of count: Int) -> Bool {
        guard step % stepsBetween == min(stepsBetween, count) / 2 else { return false }
        return epoch % max(1, stepsBetweenMin / max(1, count)) == 0
    }

    /// Memory that the accumulators of all halves may take.
    private static let bytesMax = 256 << 20

    private let runner: StepRunner
    /// Places of the probed parameters: matrices of the blocks, from the last one back.
    private let indices: [Int]

    init(_ runner: StepRunner) {
        self.runner = runner
        let halves = 2 * runner.tasks.count
        let tables = runner.model.networks.map(\.outputProjection)
        let parameters = runner.parameters
        var (indices, bytes) = ([Int](), 0)
        for index in runner.shared.indices.reversed() {
            let parameter = parameters[index]
            guard parameter.value.shape.count == 2, !tables.contains(where: { $0 === parameter })
            else { continue }
            bytes += 4 * parameter.value.count * halves
            if !indices.isEmpty, bytes > Self.bytesMax { break }
            indices.append(index)
        }
        self.indices = indices
    }

    /// Measures on these examples at the model as it is. Gradients are empty afterwards.
    /// - Returns: `nil` where a loss or gradient is not finite, or the tasks share nothing.
    func measure(_ examples: [Example]) throws(TrainingError) -> GradientMeasurement? {
        guard !indices.isEmpty else { return nil }
        let parameters = runner.parameters
        let wereTrainable = parameters.map(\.isTrainable)
        for (index, parameter) in parameters.enumerated() {
            parameter.isTrainable = wereTrainable[index] && indices.contains(index)
            parameter.slots = parameter.isTrainable ? 2 * runner.tasks.count : 1
        }
        defer {
            for (parameter, isTrainable) in zip(parameters, wereTrainable) {
                parameter.clearGradients()
                parameter.isTrainable = isTrainable
            }
            runner.prepareSlots()
        }
        let rows = halved(examples)
        let losses = try runner.pass.run(rows, recording: true)
        guard losses.allSatisfy(\.lossSum.isFinite) else { return nil }
        let sweep = runner.optimizer.gramian(
            of: indices, slots: 2 * runner.tasks.count, preconditioned: true)
        guard sweep.plain.allSatisfy(\.isFinite) else { return nil }
        return measurement(rows, sweep)
    }

    /// Every second row of a task goes to its second half; a row weighs one over its task's rows,
    /// so that the halves add up to the gradient of the task's mean.
    private func halved(_ examples: [Example]) -> [StepRow] {
        var counts = runner.tasks.map { _ in 0 }
        for example in examples { counts[example.task] += 1 }
        var seen = counts.map { _ in 0 }
        return StepRow.sorted(
            examples.map { example in
                let half = seen[example.task] % 2
                seen[example.task] += 1
                return StepRow(
                    example, span: 2 * example.task + half,
                    weight: 1 / Double(counts[example.task]))
            })
    }

    private func measurement(_ rows: [StepRow], _ sweep: GramianSweep) -> GradientMeasurement {
        let size = 2 * runner.tasks.count
        let tasks = Set(rows.map(\.example.task)).sorted()
        func sum(_ values: [Double], _ i: Int, _ j: Int) -> Double {
            (0..<4).reduce(0) { $0 + values[(2 * i + $1 / 2) * size + 2 * j + $1 % 2] }
        }
        func cosine(_ product: Double, _ a: Double, _ b: Double) -> Double {
            a > 0 && b > 0 ? product / (a * b).squareRoot() : 0
        }
        let plain = sweep.plain
        let squares = tasks.map { max(0, sum(plain, $0, $0)) }
        return GradientMeasurement(
            tasks: tasks, norms: squares.map { $0.squareRoot() },
            cosines: tasks.indices.map { i in
                tasks.indices.map {
                    cosine(sum(plain, tasks[i], tasks[$0]), squares[i], squares[$0])
                }
            },
            within: tasks.map { task in
                let (a, b) = (2 * task, 2 * task + 1)
                guard rows.contains(where: { $0.span == b }) else { return nil }
                return cosine(plain[a * size + b], plain[a * size + a], plain[b * size + b])
            },
            effects: sweep.preconditioned.contains { $0 != 0 }
                ? tasks.map { i in tasks.map { -sum(sweep.preconditioned, i, $0) } } : [])
    }
}
