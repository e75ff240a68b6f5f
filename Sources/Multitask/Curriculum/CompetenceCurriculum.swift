package import Spec

/// Competence-based curriculum (Platanios et al., 1903.09848): easy rows first, the rest as the
/// model's competence grows.
///
/// At time t a task's rows are drawn uniformly from those whose difficulty is at most c(t) on the
/// cumulative distribution of the task's own difficulties; c(t) = min(1, √(t(1 − c₀²)/T_c + c₀²)).
/// Difficulty is a row's mean token loss under the model as it was before training, a fixed
/// reference. Defaults: c₀ = 0.01, the paper's; T_c half of the stage, where the paper takes 90 %
/// of the steps that a run without curriculum needs to its result.
///
/// Helps mostly under small budgets or noisy labels (2012.03107): compare with `random_order`.
package struct CompetenceCurriculum: CurriculumMethod {
    package static let descriptor = MethodDescriptor(
        family: .curriculum, name: "competence", paper: "arXiv:1903.09848",
        equation: "c(t) = min(1, √(t (1 − c₀²) / T_c + c₀²))",
        summary: "Easy rows first: draws from a growing share of each task's difficulty ranking.",
        parameters: SquareRootPacing.parameters, ranksByDifficulty: true)

    private let pacing: SquareRootPacing

    package init(_ settings: MethodSettings) { pacing = SquareRootPacing(settings) }

    package func competence(progress: Double) -> Double { pacing.competence(progress) }
}
