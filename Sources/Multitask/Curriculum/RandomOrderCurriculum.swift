package import Spec

/// The control of `competence`: the same pacing over a random ranking. What it gains as well, the
/// order did not gain (2012.03107).
package struct RandomOrderCurriculum: CurriculumMethod {
    package static let descriptor = MethodDescriptor(
        family: .curriculum, name: "random_order", paper: "arXiv:2012.03107",
        equation: "c(t) = min(1, √(t (1 − c₀²) / T_c + c₀²)) over a random ranking",
        summary: "The control of `competence`: the same pacing, rows in random order.",
        parameters: SquareRootPacing.parameters)

    private let pacing: SquareRootPacing

    package init(_ settings: MethodSettings) { pacing = SquareRootPacing(settings) }

    package func competence(progress: Double) -> Double { pacing.competence(progress) }
}
