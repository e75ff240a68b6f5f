package import Spec

/// Memory aware synapses (Aljundi et al., 1711.09601, eq. 2–4): parameters on which earlier tasks'
/// outputs depend are held near where the last stage left them.
///
/// Ω = mean over rows of |∂‖F(x)‖²/∂θ|, F the logits of the row's head, row by row after the stage;
/// penalty λ Σᵢ Ωᵢ (θᵢ − θ*ᵢ)². Ω adds up over the stages, θ* is the last stage's end. Needs no labels.
/// Default λ = 1, the paper's. Tasks of earlier stages must have heads that read whole texts: the norm
/// of a language model's logits, defined up to a constant, means nothing.
package struct MAS: RetentionMethod {
    package static let descriptor = MethodDescriptor(
        family: .retention, name: "mas", paper: "arXiv:1711.09601",
        equation: "L + λ Σ_i Ω_i (θ_i − θ*_i)², Ω = E |∂‖F(x)‖²/∂θ|",
        summary: "Holds parameters that earlier tasks' outputs depend on; needs no labels.",
        parameters: [
            .init(
                "lambda", in: 0...1e9, default: 1,
                "λ: strength of the penalty; default: the paper's"),
            .init(
                whole: "samples", in: 1...100_000, default: 256,
                "rows of each task that Ω averages over; default: ours"),
        ], outputKinds: [.classification, .pairClassification, .multiLabel, .regression],
        holdsParameters: true, means: "the quadratic penalty")

    package let needs: RetentionNeeds

    package init(_ settings: MethodSettings) {
        var needs = RetentionNeeds()
        // The anchor's penalty is ½ strength · Σ Ω (θ − θ*)².
        needs.anchor = .init(
            strength: 2 * settings["lambda"], decay: 1, importance: .outputs,
            samples: Int(settings["samples"]))
        self.needs = needs
    }
}
