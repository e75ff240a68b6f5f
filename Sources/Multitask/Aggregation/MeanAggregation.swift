package import Spec

/// α = 1/T: the gradient of the mean of the tasks' losses.
package struct MeanAggregation: AggregationMethod {
    package static let descriptor = MethodDescriptor(
        family: .aggregation, name: "mean", equation: "d = Σ g_i / T",
        summary: "The gradient of the mean of the losses.")

    package init(_ settings: MethodSettings) {}

    package func coefficients<Generator: RandomNumberGenerator>(
        _ gramian: Gramian, using generator: inout Generator
    ) -> [Double] {
        [Double](repeating: 1 / Double(gramian.count), count: gramian.count)
    }
}
