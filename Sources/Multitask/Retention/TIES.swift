package import Spec

/// TIES-Merging (Yadav et al., 2306.01708, alg. 1): task arithmetic in which stages that disagree on
/// a weight's direction do not cancel.
///
/// *Trim*: of each τ_k the share `density` of values with the largest magnitude stays, counted over
/// all weights together; the rest is 0. *Elect*: γ = sgn Σ_k τ̂_k for each value. *Merge*: θ = θ⁰ + λ
/// times the mean of those τ̂_k whose sign is γ, zeros left out; 0 where γ is. What is merged and
/// when is as in `TaskArithmetic`; memory: the start, and a sum and a count for either sign, five
/// times the shared weights in all.
///
/// Defaults: density = 0.2, λ = 1, the paper's (§5) where no rows are there to choose them on.
/// Values as large as the smallest that stays stay too; with Adam there are hardly any.
package struct TIES: RetentionMethod {
    package static let descriptor = MethodDescriptor(
        family: .retention, name: "ties", paper: "arXiv:2306.01708",
        equation: "θ = θ⁰ + λ mean{τ̂_k : sgn τ̂_k = sgn Σ_j τ̂_j}",
        summary: "Trains each stage alone from the start and merges the largest changes on which "
            + "stages agree.",
        parameters: [
            .init("lambda", in: 0...10, default: 1, "λ: scale of the merge; default: the paper's"),
            .init(
                "density", in: 0.001...1, default: 0.2,
                "share of each stage's changes that stays; default: the paper's"),
        ],
        canStrengthen: false, learnsFromSteps: true, holdsParameters: true, startsStagesAnew: true,
        means: TaskArithmetic.means)

    package let needs: RetentionNeeds

    package init(_ settings: MethodSettings) {
        var needs = RetentionNeeds()
        needs.vectors = .init(scale: settings["lambda"], density: settings["density"])
        self.needs = needs
    }
}
