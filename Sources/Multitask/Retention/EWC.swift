package import Spec

/// Elastic weight consolidation (Kirkpatrick et al., 1612.00796, eq. 3): parameters that earlier
/// tasks depend on are held near where those tasks left them.
///
/// Penalty (λ/2) Σ_k Σᵢ F_k,i (θᵢ − θ*_k,i)², one quadratic for each earlier stage k; all of them
/// together are again one quadratic, kept as ΣF and its centre. F is the diagonal of the Fisher
/// information: the mean over rows of the *per-row* squared score ∂ log p(y|x)/∂θ at θ*, after the stage, of
/// the task's loss alone. `fisher` says whose labels y are: `sampled` from the model (the Fisher
/// itself, unbiased, the default), `exact` (its expectation over all classes; generation
/// samples), `empirical` (the data's labels). Unit: the score of a generation row is that of its
/// whole completion, ∂ log p(y₁…y_n|x)/∂θ; sampled ones draw each token after the row's true prefix.
///
/// The penalty's gradient is added after clipping and outside aggregation. Default λ = 1000, to be
/// swept: the paper's 400 is for another scale of losses.
package struct EWC: RetentionMethod {
    package static let descriptor = MethodDescriptor(
        family: .retention, name: "ewc", paper: "arXiv:1612.00796",
        equation: "L + (λ/2) Σ_k Σ_i F_k,i (θ_i − θ*_k,i)²",
        summary: "Holds parameters that earlier tasks depend on near where those tasks left them.",
        parameters: Self.parameters, holdsParameters: true, means: "the quadratic penalty")

    static let parameters: [MethodDescriptor.Parameter] = [
        .init(
            "lambda", in: 0...1e9, default: 1000,
            "λ: strength of the penalty; default: ours, to be swept"),
        .init(
            whole: "samples", in: 1...100_000, default: 256,
            "rows of each task that F averages over; default: ours"),
        .init(
            "fisher", choices: ["sampled", "empirical", "exact"],
            "whose labels the score is of: the model's, the data's, or all by probability"),
    ]

    package let needs: RetentionNeeds

    package init(_ settings: MethodSettings) {
        needs = Self.needs(settings, decay: nil)
    }

    static func needs(_ settings: MethodSettings, decay: Double?) -> RetentionNeeds {
        var needs = RetentionNeeds()
        needs.anchor = .init(
            strength: settings["lambda"], decay: decay,
            importance: .score(.init(rawValue: settings.option("fisher")) ?? .sampled),
            samples: Int(settings["samples"]))
        return needs
    }
}
