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
/// the weights is a running geometric mean of the task's losses after steps (of the last ten or so),
/// because weights enter the one packed pass in which losses are computed, and the loss of another
/// step's few rows would be noise; tasks absent from a step keep their ξ, and the tasks of the last
/// hundred steps share the weights, so that a step without a task does not change what the next one
/// makes of it.
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
    /// Share of the running mean that a step leaves.
    private static let memory = 0.9
    /// Steps without a task after which the others share the weights among themselves.
    private static let ageMax = 100.0

    private let decay: Double
    private var logits: [Double]
    /// Running mean of log ℓᵢ after steps, and how many there were.
    private var means: [Double]
    private var counts: [Double]
    /// Steps since the one that last had the task.
    private var ages: [Double]
    private var adam: ScalarAdam

    package var needs: WeightingNeeds { [.losses, .lossesAfter] }

    package init(_ settings: MethodSettings) {
        logits = settings.tasks.map { _ in 0 }
        (means, counts, ages) = (logits, logits, logits)
        decay = settings["decay"]
        adam = ScalarAdam(count: logits.count, learningRate: settings["learning_rate"])
    }

    /// Such that those of the tasks of the last hundred steps sum to their number; 1 for tasks whose
    /// loss is not known yet.
    package var weights: [Double] {
        let seen = counts.indices.filter { counts[$0] > 0 }
        let shares = zip(Self.softmax(seen.map { logits[$0] }), seen).map { $0 * exp(-means[$1]) }
        let active = zip(shares, seen).filter { ages[$0.1] < Self.ageMax }
        let total = active.reduce(0) { $0 + $1.0 }
        var weights = logits.map { _ in 1.0 }
        for (task, share) in zip(seen, shares) {
            weights[task] = Double(active.count) * share / total
        }
        return weights
    }

    package mutating func observe(_ step: WeightingObservation) {
        precondition(
            step.losses.count == logits.count && step.lossesAfter.count == logits.count)
        var gains: [(task: Int, gain: Double)] = []
        for (task, pair) in zip(step.losses, step.lossesAfter).enumerated() {
            guard let before = pair.0, let after = pair.1, after.isFinite else { continue }
            let (from, to) = (log(max(before, Self.lossMin)), log(max(after, Self.lossMin)))
            gains.append((task, from - to))
            // The mean of all so far, until there are enough for one that runs.
            counts[task] += 1
            means[task] += max(1 - Self.memory, 1 / counts[task]) * (to - means[task])
        }
        guard !gains.isEmpty else { return }
        for task in ages.indices { ages[task] += 1 }
        for member in gains { ages[member.task] = 0 }
        guard gains.count > 1 else { return }
        let shares = Self.softmax(gains.map { logits[$0.task] })
        let mean = zip(shares, gains).reduce(0) { $0 + $1.0 * $1.1.gain }
        for (share, member) in zip(shares, gains) {
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
        adam.state.merging([
            "logits": logits, "means": means, "counts": counts, "ages": ages,
        ]) { own, _ in own }
    }

    package mutating func restore(_ state: [String: [Double]]) throws(MultitaskError) {
        try checkState(state, like: self.state, of: Self.descriptor)
        logits = state["logits"] ?? logits
        means = state["means"] ?? means
        counts = state["counts"] ?? counts
        ages = state["ages"] ?? ages
        adam.restore(state)
    }
}
