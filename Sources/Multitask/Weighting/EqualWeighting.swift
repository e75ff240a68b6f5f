package import Spec

/// w_i = 1: the sum of the tasks' mean losses, the honest baseline of every other weighting.
package struct EqualWeighting: WeightingMethod {
    package static let descriptor = MethodDescriptor(
        family: .weighting, name: "equal", equation: "L = Σ L_i",
        summary: "Every task's mean loss counts the same, whatever its share of the rows.")

    package let weights: [Double]

    package init(_ settings: MethodSettings) {
        weights = settings.tasks.map { _ in 1 }
    }
}
