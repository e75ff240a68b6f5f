// One optimiser step: the very code that training runs and the benchmark times.

package import Models
package import Multitask
package import NN
package import Tensor

/// What an optimiser step did.
package struct StepResult {
    /// Why a step was not applied.
    package enum Fault: Sendable, Equatable {
        case loss(task: Int)
        case gradient(task: Int)
    }

    /// Mean row loss by task, unweighted; `nil` where the step had no row of the task.
    package var losses: [Double?]
    /// The loss weights that the step moved with; `nil` in the scope `step`.
    package var weights: [Double]?
    /// Norm of the whole gradient before clipping.
    package var gradientNorm: Double
    package var tokens: Int
    /// The parameters did not move when this is set.
    package var fault: Fault?
}

/// Forward, backward, clipping and update of a model on several tasks at once.
package final class StepRunner {
    package let model: Model
    package let tasks: [TrainingTask]
    package let optimizer: AdamW
    package var weighting: (any WeightingMethod)?
    /// Largest norm of the whole gradient; 0: no clipping.
    package let clip: Double
    let pass: PackedPass

    package init(
        _ model: Model, tasks: [TrainingTask], optimizer: AdamW,
        weighting: (any WeightingMethod)?, clip: Double, backend: any Backend
    ) {
        self.model = model
        self.tasks = tasks
        self.optimizer = optimizer
        self.weighting = weighting
        self.clip = clip
        pass = PackedPass(model, tasks: tasks, backend: backend)
        prepareSlots()
    }

    private var needsNorms: Bool { weighting?.needs.contains(.sharedNorms) ?? false }

    /// Gives the last shared matrix one accumulator per task where the weighting asks for norms,
    /// else one for all. Called again where runners take turns on one model.
    package func prepareSlots() {
        let slots = needsNorms ? tasks.count : 1
        let shared = model.backbone.lastSharedMatrix
        if shared.slots != slots {
            shared.clearGradients()
            shared.slots = slots
        }
    }

    /// One optimiser step over the examples, in any order.
    /// - Throws: `TrainingError` `out_of_memory` when a single example does not fit.
    package func step(
        _ examples: [Example], learningRate: Double
    ) throws(TrainingError) -> StepResult {
        let sorted = Self.byTask(examples)
        let rowLosses = try accumulate(sorted)
        var result = StepResult(
            losses: meanLosses(sorted, rowLosses), weights: weighting?.weights, gradientNorm: 0,
            tokens: sorted.reduce(0) { $0 + $1.tokens.count })
        if let task = result.losses.firstIndex(where: { !($0 ?? 0).isFinite }) {
            result.fault = .loss(task: task)
            return result
        }
        result.gradientNorm = optimizer.gradientNorm()
        guard result.gradientNorm.isFinite else {
            result.fault = .gradient(task: try culprit(sorted))
            return result
        }
        let scale = clip > 0 ? min(1, clip / max(result.gradientNorm, .leastNormalMagnitude)) : 1
        let norms = sharedNorms(result)
        optimizer.step(learningRate: Float(learningRate), scale: Float(scale))
        weighting?.observe(WeightingObservation(losses: result.losses, norms: norms))
        return result
    }

    /// Forward and backward of a whole step: gradients hold the step's loss afterwards.
    func accumulate(_ sorted: [Example]) throws(TrainingError) -> [ExampleLoss] {
        let scope = weighting.map { LossScope.task(weights: $0.weights) } ?? .step
        return try pass.run(sorted, weights: scope.rowWeights(tasks: sorted.map(\.task)))
    }

    /// Sequences of one task adjacent, in the order of the tasks; otherwise the order is kept.
    static func byTask(_ examples: [Example]) -> [Example] {
        examples.enumerated()
            .sorted { ($0.element.task, $0.offset) < ($1.element.task, $1.offset) }
            .map(\.element)
    }

    private func meanLosses(_ examples: [Example], _ losses: [ExampleLoss]) -> [Double?] {
        var sums = tasks.map { _ in 0.0 }
        var counts = tasks.map { _ in 0 }
        for (example, loss) in zip(examples, losses) {
            sums[example.task] += loss.mean
            counts[example.task] += 1
        }
        return zip(sums, counts).map { $1 == 0 ? nil : $0 / Double($1) }
    }

    /// g_i = ‖∇_W w_i L_i‖ / w_i of the tasks present, from the slots of W.
    private func sharedNorms(_ result: StepResult) -> [Double?] {
        guard needsNorms, let weights = result.weights else { return [] }
        let shared = model.backbone.lastSharedMatrix
        return tasks.indices.map { task in
            result.losses[task] == nil
                ? nil : shared.gradientNorm(slot: task) / weights[task]
        }
    }

    /// The first task whose own gradient is not finite. Costs a pass per task; only runs after a
    /// step has already failed.
    private func culprit(_ sorted: [Example]) throws(TrainingError) -> Int {
        let present = Set(sorted.map(\.task)).sorted()
        for task in present {
            _ = try accumulate(sorted.filter { $0.task == task })
            if !optimizer.gradientNorm().isFinite { return task }
        }
        return present.first ?? 0
    }
}
