import Glibc
package import Spec

/// GradNorm (Chen et al., 1711.02257): weights such that no task's gradient at the last shared
/// matrix W is larger than its training rate deserves.
///
/// G_i = ‖∇_W w_i L_i‖ = w_i g_i; L̃_i = L_i(t) / L_i(0); r_i = L̃_i / mean L̃. Minimises
/// Σ |G_i − sg(Ḡ · r_i^α)| (eq. 2) over w alone, where Ḡ is the mean of G and sg stops the
/// gradient, so that ∂/∂w_i = sign(G_i − target_i) · g_i and no second backward pass is needed.
/// Then w is rescaled to Σ w = T (algorithm 1).
///
/// Defaults: α = 1.5 and Adam with learning rate 0.025 on w (§5.2); K = 5 is ours. Called once per optimiser step; the model moves with the weights from before.
///
/// Deviations: w has a floor of 1e-3; L_i(0) is the mean of the first K steps in which the task
/// was present, and w rests until then; a task absent from a step is left out of that step's
/// means and keeps its weight and moments (it does not count as G = 0).
package struct GradNorm: WeightingMethod {
    package static let descriptor = MethodDescriptor(
        family: .weighting, name: "gradnorm", paper: "arXiv:1711.02257",
        equation: "min_w Σ |w_i g_i − mean(w g) · r_i^α|, Σ w = T",
        summary: "Balances the tasks' gradient norms at the last shared matrix by how far each "
            + "has come.",
        parameters: [
            .init(
                "alpha", in: 0...5, default: 1.5,
                "how strongly slow tasks are pulled along; default: §5.2"),
            .init(
                "learning_rate", in: 1e-6...1, default: 0.025,
                "of Adam on the weights; default: §5.2"),
            .init(
                whole: "warmup_steps", in: 1...10_000, default: 5,
                "steps averaged into L(0); default: ours"),
        ], tasksMin: 2, comparesGradients: true)

    private static let floor = 1e-3

    package private(set) var weights: [Double]
    private let alpha: Double
    private let warmupSteps: Double
    private var initialSums: [Double]
    private var initialCounts: [Double]
    private var adam: ScalarAdam

    package var needs: WeightingNeeds { [.losses, .sharedNorms] }

    package init(_ settings: MethodSettings) {
        let zeros = settings.tasks.map { _ in 0.0 }
        weights = settings.tasks.map { _ in 1 }
        alpha = settings["alpha"]
        warmupSteps = settings["warmup_steps"]
        initialSums = zeros
        initialCounts = zeros
        adam = ScalarAdam(count: zeros.count, learningRate: settings["learning_rate"])
    }

    package mutating func observe(_ step: WeightingObservation) {
        precondition(step.losses.count == weights.count && step.norms.count == weights.count)
        let ready = weights.indices.filter { initialCounts[$0] >= warmupSteps }
        for (task, loss) in step.losses.enumerated() where initialCounts[task] < warmupSteps {
            guard let loss else { continue }
            initialSums[task] += loss
            initialCounts[task] += 1
        }
        let active = ready.compactMap { task -> Active? in
            guard let loss = step.losses[task], let norm = step.norms[task] else { return nil }
            return Active(task: task, rate: loss / initialLoss(task), norm: norm)
        }
        guard active.count > 1 else { return }
        let budget = active.reduce(0) { $0 + weights[$1.task] }
        descend(active)
        rescale(active.map(\.task), to: budget)
    }

    private struct Active {
        var task: Int
        /// L̃_i.
        var rate: Double
        /// g_i.
        var norm: Double
    }

    private func initialLoss(_ task: Int) -> Double {
        max(initialSums[task] / initialCounts[task], .leastNormalMagnitude)
    }

    /// One Adam step on w along ∂/∂w_i = sign(G_i − Ḡ r_i^α) · g_i.
    private mutating func descend(_ active: [Active]) {
        let count = Double(active.count)
        let meanNorm = active.reduce(0) { $0 + weights[$1.task] * $1.norm } / count
        let meanRate = active.reduce(0) { $0 + $1.rate } / count
        guard meanRate > 0 else { return }
        for member in active {
            let task = member.task
            let excess = weights[task] * member.norm - meanNorm * pow(member.rate / meanRate, alpha)
            let gradient = (excess > 0 ? 1 : excess < 0 ? -1 : 0) * member.norm
            weights[task] -= adam.step(task, gradient)
        }
    }

    /// Scales the weights of `tasks` to sum `budget`, none below the floor.
    private mutating func rescale(_ tasks: [Int], to budget: Double) {
        var free = tasks
        var left = budget
        while !free.isEmpty {
            let total = free.reduce(0) { $0 + max(weights[$1], Self.floor) }
            for task in free { weights[task] = max(weights[task], Self.floor) * left / total }
            let low = free.filter { weights[$0] < Self.floor }
            guard !low.isEmpty else { return }
            for task in low { weights[task] = Self.floor }
            left -= Self.floor * Double(low.count)
            free.removeAll { low.contains($0) }
        }
    }
}

extension GradNorm {
    package var state: [String: [Double]] {
        adam.state.merging([
            "weights": weights, "initial_sums": initialSums, "initial_counts": initialCounts,
        ]) { own, _ in own }
    }

    package mutating func restore(_ state: [String: [Double]]) throws(MultitaskError) {
        try checkState(state, like: self.state, of: Self.descriptor)
        weights = state["weights"] ?? weights
        initialSums = state["initial_sums"] ?? initialSums
        initialCounts = state["initial_counts"] ?? initialCounts
        adam.restore(state)
    }
}
