package import Spec

/// Constant weights as the user gives them; not rescaled. Tuned fixed weights are hard to beat
/// (2201.04122).
package struct FixedWeighting: WeightingMethod {
    package static let descriptor = MethodDescriptor(
        family: .weighting, name: "fixed", paper: "arXiv:2201.04122", equation: "L = Σ w_i L_i",
        summary: "One constant weight per task, used as given.", takesTaskValues: true)

    package let weights: [Double]

    package init(_ settings: MethodSettings) { weights = settings.taskValues }
}
