import Glibc
package import Spec

/// FAMO (Liu et al., 2306.03792, algorithm 1): weights under which all tasks' losses fall at the
/// same relative rate, from the losses alone.
///
/// z = softmax(ξ); the model moves along Σ cₜ zᵢ/ℓᵢ ∇ℓᵢ with cₜ = 1/Σ zᵢ/ℓᵢ; then, with
/// Δᵢ = log ℓᵢ(θₜ) − log ℓᵢ(θₜ₊₁) on the same rows, ξ descends (∂z/∂ξ)ᵀΔ + γξ, that is
/// zᵢ(Δᵢ − Σ zⱼΔⱼ) + γξᵢ: a task that improves more than the others counts less. Defaults of the
/// authors' code: Adam on ξ with learning rate 0.025, γ = 0.01.
///
/// Called once per optimiser step with the losses before and after it: one more forward pass.
///
/// Deviations: Σw = T instead of 1, so that learning rates compare with the other weightings; ℓᵢ in
/// the weights is the task's loss after the step before, because weights enter the one packed pass
/// in which losses are computed; tasks absent from a step keep their ξ, and the others share the
/// weights by themselves.
package struct FAMO: WeightingMethod {
    package static let descriptor = MethodDescriptor(
        family: .weighting, name: "famo", paper: "arXiv:2306.03792",
        equation: "w_i ∝ z_i / L_i, z = softmax(ξ), ξ −= β ((∂z/∂ξ)ᵀ Δ + γ ξ), Δ = −Δ log L",
        summary: "Lets all tasks' losses fall at the same relative rate; one more forward pass.",
        parameters: [
            .init(
                "learning_rate", in: 1e-6...1, default: 0.025,
                "β: of Adam on ξ; default: the authors' code"),
            .init(
                "decay", in: 0...1, default: 0.01,
                "γ: pulls ξ back to even weights; default: the authors' code"),
        ], tasksMin: 2)

    /// Below this a loss is as good as zero.
    private static let lossMin = 1e-8

    private let decay: Double
    private var logits: [Double]
    /// ℓᵢ as last seen, after a step; 0: not yet.
    private var last: [Double]
    private var adam: ScalarAdam

    package var needs: WeightingNeeds { [.losses, .lossesAfter] }

    package init(_ settings: MethodSettings) {
        logits = settings.tasks.map { _ in 0 }
        last = logits
        decay = settings["decay"]
        adam = ScalarAdam(count: logits.count, learningRate: settings["learning_rate"])
    }

    /// Of the tasks seen so far; 1 for the others, whose loss is not known yet.
    package var weights: [Double] {
        let seen = last.indices.filter { last[$0] > 0 }
        let shares = zip(Self.softmax(seen.map { logits[$0] }), seen).map { $0 / last[$1] }
        let total = shares.reduce(0, +)
        var weights = logits.map { _ in 1.0 }
        for (task, share) in zip(seen, shares) {
            weights[task] = Double(seen.count) * share / total
        }
        return weights
    }

    package mutating func observe(_ step: WeightingObservation) {
        precondition(
            step.losses.count == logits.count && step.lossesAfter.count == logits.count)
        var present: [(task: Int, gain: Double)] = []
        for (task, pair) in zip(step.losses, step.lossesAfter).enumerated() {
            guard let before = pair.0, let after = pair.1, after.isFinite else { continue }
            let (from, to) = (max(before, Self.lossMin), max(after, Self.lossMin))
            present.append((task, log(from) - log(to)))
            last[task] = to
        }
        guard present.count > 1 else { return }
        let shares = Self.softmax(present.map { logits[$0.task] })
        let mean = zip(shares, present).reduce(0) { $0 + $1.0 * $1.1.gain }
        for (share, member) in zip(shares, present) {
            let slope = share * (member.gain - mean) + decay * logits[member.task]
            logits[member.task] -= adam.step(member.task, slope)
        }
    }

    private static func softmax(_ values: [Double]) -> [Double] {
        let largest = values.max() ?? 0
        let powers = values.map { exp($0 - largest) }
        let total = powers.reduce(0, +)
        return powers.map { $0 / total }
    }

    package var state: [String: [Double]] {
        adam.state.merging(["logits": logits, "last": last]) { own, _ in own }
    }

    package mutating func restore(_ state: [String: [Double]]) throws(MultitaskError) {
        try checkState(state, like: self.state, of: Self.descriptor)
        logits = state["logits"] ?? logits
        last = state["last"] ?? last
        adam.restore(state)
    }
}
