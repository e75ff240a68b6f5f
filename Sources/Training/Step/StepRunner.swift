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
    /// α of each task's gradient; `nil` where gradients were not told apart.
    package var coefficients: [Double]?
    /// ‖gₜ‖ over the shared parameters; `nil` likewise.
    package var taskNorms: [Double]?
    /// Norm of the whole gradient before clipping.
    package var gradientNorm: Double
    package var tokens: Int
    /// The parameters did not move when this is set.
    package var fault: Fault?
    /// What the step computed, row by row.
    var rows: [RowOutcome] = []
}

/// A row of a step and its loss before the update.
struct RowOutcome {
    var row: StepRow
    var loss: ExampleLoss
}

/// The methods that decide how a step moves; a step asks what they need, never which they are.
package struct StepMethods {
    package var weighting: (any WeightingMethod)?
    package var aggregation: (any AggregationMethod)?
    /// Whether steps bring reference rows, whose gradient a step may not oppose.
    package var hasReference: Bool
    /// Of the aggregation's draws.
    package var seed: UInt64

    package init(
        weighting: (any WeightingMethod)? = nil, aggregation: (any AggregationMethod)? = nil,
        hasReference: Bool = false, seed: UInt64 = 1
    ) {
        self.weighting = weighting
        self.aggregation = aggregation
        self.hasReference = hasReference
        self.seed = seed
    }
}

/// Forward, backward, clipping and update of a model on several tasks at once.
package final class StepRunner {
    package let model: Model
    package let tasks: [TrainingTask]
    package let optimizer: AdamW
    /// Those that train.
    var parameters: [Parameter] { optimizer.parameters }
    package var methods: StepMethods
    /// Largest norm of the whole gradient; 0: no clipping.
    package let clip: Double
    let pass: PackedPass
    /// Which of them belong to every task.
    let shared: SharedParameters

    package init(
        _ model: Model, tasks: [TrainingTask], optimizer: AdamW, methods: StepMethods,
        clip: Double, backend: any Backend
    ) {
        self.model = model
        self.tasks = tasks
        self.optimizer = optimizer
        self.methods = methods
        self.clip = clip
        pass = PackedPass(model, tasks: tasks, backend: backend)
        shared = SharedParameters(optimizer.parameters, of: model, tasks: tasks)
        prepareSlots()
    }

    /// Whether a method compares the tasks' gradients at the last parameters that they share.
    var needsNorms: Bool { methods.weighting?.needs.contains(.sharedNorms) ?? false }

    /// Whether the step needs every task's whole gradient.
    var tellsGradientsApart: Bool { methods.aggregation != nil || methods.hasReference }

    /// The span of reference rows: one beyond the tasks.
    var referenceSpan: Int { tasks.count }

    /// One for each task, and one for reference rows.
    private var slotCount: Int { tasks.count + (methods.hasReference ? 1 : 0) }

    /// Losses are means by task where a method weighs or aggregates tasks.
    var scope: LossScope {
        if let weighting = methods.weighting { return .task(weights: weighting.weights) }
        return methods.aggregation != nil ? .task(weights: tasks.map { _ in 1 }) : .step
    }

    /// Gives parameters one accumulator per task where a method asks for the parts, else one for
    /// all. Called again where runners take turns on one model.
    package func prepareSlots() {
        for parameter in parameters {
            let isSplit =
                tellsGradientsApart || (needsNorms && shared.last.contains { $0 === parameter })
            let slots = isSplit ? slotCount : 1
            guard parameter.slots != slots else { continue }
            parameter.clearGradients()
            parameter.slots = slots
        }
    }

    /// One optimiser step over the examples, in any order.
    /// - Parameter number: of the step; a method's draws follow from it and the seed.
    /// - Throws: `TrainingError` `out_of_memory` when a single example does not fit.
    package func step(
        _ examples: [Example], learningRate: Double, number: Int = 0
    ) throws(TrainingError) -> StepResult {
        try step(examples.map { StepRow($0) }, learningRate: learningRate, number: number)
    }

    /// - Parameters:
    ///   - penalties: gradients that are added after clipping.
    ///   - path: learns by how much each parameter's move lowers the loss.
    func step(
        _ unsorted: [StepRow], learningRate: Double, number: Int = 0, penalties: Penalties? = nil,
        path: PathIntegral? = nil
    ) throws(TrainingError) -> StepResult {
        let (rows, isScoped) = weighted(unsorted)
        let rowLosses = try pass.run(rows, recording: true)
        var result = StepResult(
            losses: meanLosses(rows, rowLosses, isScoped), weights: methods.weighting?.weights,
            gradientNorm: 0, tokens: rows.reduce(0) { $0 + $1.example.length })
        result.rows = zip(rows, rowLosses).map { RowOutcome(row: $0, loss: $1) }
        if let task = result.losses.firstIndex(where: { !($0 ?? 0).isFinite }) {
            result.fault = .loss(task: task)
            return result
        }
        let combined = combine(rows, number: number)
        result.gradientNorm = combined?.norm ?? optimizer.gradientNorm()
        guard result.gradientNorm.isFinite else {
            let slot = if let known = combined?.culprit { known } else { try culprit(rows) }
            // Reference rows have a slot beyond the tasks: say one of their tasks.
            let task = rows.first { $0.span == slot }?.example.task ?? slot
            result.fault = .gradient(task: task)
            return result
        }
        result.coefficients = combined?.shared
        result.taskNorms = combined?.norms
        let scale = clip > 0 ? min(1, clip / max(result.gradientNorm, .leastNormalMagnitude)) : 1
        let norms = sharedNorms(result)
        optimizer.step(
            learningRate: Float(learningRate), scale: Float(scale),
            coefficients: { [shared] in shared.contains($0) ? combined?.shared : combined?.own },
            penalties: penalties, path: path)
        let after =
            methods.weighting?.needs.contains(.lossesAfter) ?? false
            ? try losses(rows, isScoped) : []
        methods.weighting?.observe(
            WeightingObservation(losses: result.losses, norms: norms, lossesAfter: after))
        return result
    }

    /// Mean losses of a step's rows under the model as it is now.
    private func losses(
        _ rows: [StepRow], _ isScoped: [Bool]
    ) throws(TrainingError) -> [Double?] {
        let scoped = zip(rows, isScoped).filter(\.1).map(\.0)
        let losses = try pass.run(scoped, recording: false)
        return meanLosses(scoped, losses, scoped.map { _ in true })
    }

    /// The rows in order, each with the weight of its loss, and which of them got it by scope.
    func weighted(_ unsorted: [StepRow]) -> (rows: [StepRow], isScoped: [Bool]) {
        var rows = StepRow.sorted(unsorted)
        let scoped = rows.indices.filter { rows[$0].weight == nil }
        let isScoped = rows.map { $0.weight == nil }
        let weights = scope.rowWeights(tasks: scoped.map { rows[$0].example.task })
        for (index, weight) in zip(scoped, weights) { rows[index].weight = weight }
        return (rows, isScoped)
    }

    private func combine(_ rows: [StepRow], number: Int) -> CombinedGradient? {
        guard tellsGradientsApart else { return nil }
        let count = slotCount
        func gramian(_ indices: [Int]) -> Gramian {
            Gramian(count: count, values: optimizer.gramian(of: indices, slots: count).plain)
        }
        return CombinedGradient(
            shared: gramian(shared.indices), own: gramian(shared.others),
            present: Set(rows.map(\.span)).subtracting([referenceSpan]).sorted(),
            reference: rows.contains { $0.span == referenceSpan } ? referenceSpan : nil,
            aggregation: methods.aggregation,
            generator: SeededGenerator(methods.seed, UInt64(number)))
    }

    private func meanLosses(
        _ rows: [StepRow], _ losses: [ExampleLoss], _ isScoped: [Bool]
    ) -> [Double?] {
        var sums = tasks.map { _ in 0.0 }
        var counts = tasks.map { _ in 0 }
        for ((row, loss), isScoped) in zip(zip(rows, losses), isScoped) where isScoped {
            sums[row.example.task] += loss.mean
            counts[row.example.task] += 1
        }
        return zip(sums, counts).map { $1 == 0 ? nil : $0 / Double($1) }
    }

    /// g_i = ‖∇_W w_i L_i‖ / w_i of the tasks present, from the slots of W.
    private func sharedNorms(_ result: StepResult) -> [Double?] {
        guard needsNorms, let weights = result.weights else { return [] }
        return tasks.indices.map { task in
            guard result.losses[task] != nil else { return nil }
            let norms = shared.last.map { $0.gradientNorm(slot: task) }
            return norms.reduce(0) { $0 + $1 * $1 }.squareRoot() / weights[task]
        }
    }

    /// The first task whose own gradient is not finite. Costs a pass per task; only runs after a
    /// step has already failed.
    private func culprit(_ rows: [StepRow]) throws(TrainingError) -> Int {
        let present = Set(rows.map(\.example.task)).sorted()
        for task in present {
            _ = try pass.run(rows.filter { $0.example.task == task }, recording: true)
            if !optimizer.gradientNorm().isFinite { return task }
        }
        return present.first ?? 0
    }
}
