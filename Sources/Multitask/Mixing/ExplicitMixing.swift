package import Spec

/// Shares as the user gives them, one value per task, scaled to sum 1.
package struct ExplicitMixing: MixingMethod {
    package static let descriptor = MethodDescriptor(
        family: .mixing, name: "explicit", equation: "p_t ∝ v_t",
        summary: "One value per task, scaled to sum 1; independent of the sizes.",
        takesTaskValues: true)

    private let values: [Double]

    package init(_ settings: MethodSettings) { values = settings.taskValues }

    package func shares(rows: [Int], progress: Double) -> [Double] { normalised(values) }
}
