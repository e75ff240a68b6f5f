import Glibc
package import Spec

/// Homoscedastic uncertainty (Kendall, Gal and Cipolla, 1705.07115, eqs. 5 and 10): each task's loss
/// is divided by a variance that is learnt with the model.
///
/// sᵢ = log σᵢ²; L = Σ cᵢe^(−sᵢ)Lᵢ + sᵢ/2 with c = 1 for likelihoods over classes, which labels and
/// tokens both are, and ½ for a squared error. ∂L/∂sᵢ = ½ − cᵢe^(−sᵢ)Lᵢ, so that at rest
/// wᵢ = cᵢe^(−sᵢ) = 1/(2Lᵢ). s = 0 at the start, σ² = 1.
///
/// Deviation: s has an Adam of its own (β₁ .9, β₂ .999, ε 1e-8, no weight decay) with a rate
/// of its own, default 0.01: at a fine-tuning rate of 1e-5 it would never move. Called once per
/// optimiser step; a task absent from it keeps its s and moments.
package struct UncertaintyWeighting: WeightingMethod {
    package static let descriptor = MethodDescriptor(
        family: .weighting, name: "uncertainty", paper: "arXiv:1705.07115",
        equation: "L = Σ e^(−s_i) L_i + s_i / 2, s_i learnt",
        summary: "Learns how noisy each task is; tasks with large losses count less.",
        parameters: [.init("learning_rate", in: 1e-6...1, default: 0.01, "of Adam on s")],
        tasksMin: 2)

    private let factors: [Double]
    private var logVariances: [Double]
    private var adam: ScalarAdam

    package var needs: WeightingNeeds { .losses }
    package var weights: [Double] { zip(factors, logVariances).map { $0 * exp(-$1) } }

    package init(_ settings: MethodSettings) {
        factors = settings.tasks.map { settings.squaredErrors.contains($0) ? 0.5 : 1 }
        logVariances = settings.tasks.map { _ in 0 }
        adam = ScalarAdam(count: settings.tasks.count, learningRate: settings["learning_rate"])
    }

    package mutating func observe(_ step: WeightingObservation) {
        precondition(step.losses.count == logVariances.count)
        for (task, (loss, weight)) in zip(step.losses, weights).enumerated() {
            guard let loss else { continue }
            let gradient = 0.5 - weight * loss
            logVariances[task] -= adam.step(task, gradient)
        }
    }

    package var state: [String: [Double]] {
        adam.state.merging(["log_variances": logVariances]) { own, _ in own }
    }

    package mutating func restore(_ state: [String: [Double]]) throws(MultitaskError) {
        try checkState(state, like: self.state, of: Self.descriptor)
        logVariances = state["log_variances"] ?? logVariances
        adam.restore(state)
    }
}
