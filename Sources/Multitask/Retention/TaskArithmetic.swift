package import Spec

/// Task arithmetic (Ilharco et al., 2212.04089): every stage is trained on its own, from the weights
/// that the run starts from, and the model is what all stages together changed of those.
///
/// θ = θ⁰ + λ Σ_k τ_k with τ_k = θ_k − θ⁰, after each stage over those so far, of all that tasks
/// share, shared heads included; a head of one task stays as its stage trained it. Needs no data; the
/// start and the sum cost the shared weights' memory twice. Scores within a stage, before its last
/// epoch, are of the stage's own weights, to which early warning does not look.
///
/// Default λ = 0.4, which 2306.01708 (§5) takes where no rows are there to choose it on; 1/stages
/// makes it the plain mean of the stages' models.
package struct TaskArithmetic: RetentionMethod {
    package static let descriptor = MethodDescriptor(
        family: .retention, name: "task_arithmetic", paper: "arXiv:2212.04089",
        equation: "θ = θ⁰ + λ Σ_k τ_k, τ_k = θ_k − θ⁰",
        summary: "Trains each stage alone from the start and adds up what all have changed.",
        parameters: [
            .init(
                "lambda", in: 0...10, default: 0.4,
                "λ: scale of the sum; default: of 2306.01708, without rows to choose it on")
        ],
        canStrengthen: false, learnsFromSteps: true, holdsParameters: true, startsStagesAnew: true,
        means: Self.means)

    static let means = "the merge of what stages changed"

    package let needs: RetentionNeeds

    package init(_ settings: MethodSettings) {
        var needs = RetentionNeeds()
        needs.vectors = .init(scale: settings["lambda"], density: nil)
        self.needs = needs
    }
}
