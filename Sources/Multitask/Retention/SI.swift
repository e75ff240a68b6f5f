package import Spec

/// Synaptic intelligence (Zenke, Poole and Ganguli, 1703.04200, eq. 3–5): parameters whose way through
/// earlier stages lowered the loss are held near where the last stage left them.
///
/// ω = −Σ g·Δθ over the steps of a stage, g the gradient that the step follows, before clipping and
/// without the penalty's, Δθ what the optimiser made of it. Ω = Σ over stages of
/// max(0, ω)/((θ_end − θ_start)² + ξ); penalty c Σᵢ Ωᵢ (θᵢ − θ*ᵢ)², θ* the last stage's end.
/// Measured along the way: no pass over the data after a stage, at the cost of three times the trained
/// weights' memory and a sweep over them at each step. Defaults c = 0.1 and ξ = 0.1, the paper's for
/// MNIST and CIFAR; under Adam with a fine-tuning rate Δθ² is far below ξ, so that c is to be swept upwards.
///
/// Deviation: ω below zero counts as zero, as in the authors' code.
package struct SI: RetentionMethod {
    package static let descriptor = MethodDescriptor(
        family: .retention, name: "si", paper: "arXiv:1703.04200",
        equation: "L + c Σ_i Ω_i (θ_i − θ*_i)², Ω = Σ ω / (Δθ² + ξ), ω = −Σ g·Δθ",
        summary: "Holds parameters whose way lowered earlier tasks' losses; no pass after a stage.",
        parameters: [
            .init(
                "c", in: 0...1e9, default: 0.1,
                "strength of the penalty; default: the paper's for small networks. Sweep upwards by "
                    + "factors of 100: with AdamW at a fine-tuning rate it hardly acts"),
            .init(
                "damping", in: 1e-12...1e3, default: 0.1,
                "ξ: bounds the importance of what hardly moved; default: the paper's"),
        ], learnsFromSteps: true, holdsParameters: true, means: "the quadratic penalty")

    package let needs: RetentionNeeds

    package init(_ settings: MethodSettings) {
        var needs = RetentionNeeds()
        // The anchor's penalty is ½ strength · Σ Ω (θ − θ*)².
        needs.anchor = .init(
            strength: 2 * settings["c"], decay: 1,
            importance: .path(damping: settings["damping"]))
        self.needs = needs
    }
}
