package import Spec

/// Learning without forgetting (Li and Hoiem, 1606.09282, eq. 2–4): on the new rows, the heads of
/// earlier tasks keep answering what they answered before the stage. Needs no old data.
///
/// L = L_new + λ Σ_old T² KL(p^(1/T) ‖ q^(1/T)), p from the model as the stage found it, q from the
/// model as it is; T² keeps the gradient's scale (Hinton et al., 1503.02531, §2). Defaults T = 2 and
/// λ = 1, the paper's.
///
/// As in the paper, the old model's answers are recorded once before the stage: one forward pass over
/// its rows, and C numbers for each row and old head, instead of a teacher that stays in memory.
/// The term is part of the row's own task where gradients are told apart. Tasks with one output layer
/// (all that a decoder writes, a shared head) have one term together: their answers are the same.
///
/// The head of a generation task is the language model. It answers after the positions that a
/// generation row trains on, after the last 16 of a classification row; a row's term is their mean.
/// Deviations: of each of its answers the 64 likeliest tokens are kept, all others count as one more;
/// the paper's warm-up of the new head alone is left out.
package struct LwF: RetentionMethod {
    package static let descriptor = MethodDescriptor(
        family: .retention, name: "lwf", paper: "arXiv:1606.09282",
        equation: "L + λ Σ_old T² KL(p_before^(1/T) ‖ p^(1/T))",
        summary: "Keeps earlier heads' answers on the new rows as they were; needs no old data.",
        parameters: [
            .init(
                "weight", in: 0...100, default: 1,
                "λ: of the term for each earlier output layer; default: the paper's"),
            .init(
                "temperature", in: 0.5...20, default: 2,
                "T: softens both distributions; default: the paper's"),
        ], outputKinds: [.classification, .pairClassification, .generation], addsTerms: true)

    package let needs: RetentionNeeds

    package init(_ settings: MethodSettings) {
        var needs = RetentionNeeds()
        needs.distillation = .init(
            weight: settings["weight"], temperature: settings["temperature"])
        self.needs = needs
    }
}
