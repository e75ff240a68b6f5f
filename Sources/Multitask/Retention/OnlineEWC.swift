package import Spec

/// Online EWC (Schwarz et al., 1805.06370, §3.2): one running Fisher around the newest parameters.
///
/// F̄_k = γ F̄_{k−1} + F_k; penalty (λ/2) Σᵢ F̄ᵢ (θᵢ − θ*ᵢ)² with θ* from the last stage alone. Older
/// tasks fade. F as in `ewc`. Default γ = 0.95, within what the paper sweeps.
package struct OnlineEWC: RetentionMethod {
    package static let descriptor = MethodDescriptor(
        family: .retention, name: "online_ewc", paper: "arXiv:1805.06370",
        equation: "L + (λ/2) Σ_i F̄_i (θ_i − θ*_i)², F̄ ← γ F̄ + F",
        summary: "EWC with one fading penalty around the newest parameters.",
        parameters: EWC.parameters
            + [
                .init(
                    "gamma", in: 0...1, default: 0.95,
                    "γ: what is left of the older Fisher; default: within the paper's sweep")
            ],
        holdsParameters: true, means: "the quadratic penalty")

    package let needs: RetentionNeeds

    package init(_ settings: MethodSettings) {
        needs = EWC.needs(settings, decay: settings["gamma"])
    }
}
