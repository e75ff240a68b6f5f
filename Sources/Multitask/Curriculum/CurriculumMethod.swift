// In which order a task's rows come into play. A method says how much of the ranking is open and
// whether the ranking is by difficulty; whoever trains ranks and draws.

package import Spec

/// Paces the rows of each task: at any moment only the first share of its ranking is drawn from.
///
/// Rows are ranked within their task, never across tasks, whose losses do not compare.
package protocol CurriculumMethod: Sendable {
    static var descriptor: MethodDescriptor { get }

    init(_ settings: MethodSettings)

    /// Share of each task's ranking that is open, in (0, 1].
    /// - Parameter progress: share of the stage's rows that were drawn, 0…1.
    func competence(progress: Double) -> Double
}

extension CurriculumMethod {
    /// Whether rows are ranked from easy to hard, else in a random order.
    package var ranksByDifficulty: Bool { Self.descriptor.ranksByDifficulty }
}

/// c(t) = min(1, √(t(1 − c₀²)/T_c + c₀²)) (1903.09848, eq. 7 with p = 2).
struct SquareRootPacing: Sendable {
    let initial: Double
    let duration: Double

    static let parameters: [MethodDescriptor.Parameter] = [
        .init(
            "initial", in: 0.001...1, default: 0.01,
            "c₀: share of the ranking open at first; default: the paper's"),
        .init(
            "duration", in: 0.01...1, default: 0.5,
            "T_c: share of the stage until all is open; default: ours"),
    ]

    init(_ settings: MethodSettings) {
        initial = settings["initial"]
        duration = settings["duration"]
    }

    func competence(_ progress: Double) -> Double {
        let square = initial * initial
        return min(1, (progress * (1 - square) / duration + square).squareRoot())
    }
}
