package import Spec

/// α = 1: the gradient of the sum of the tasks' losses, the baseline of every aggregation.
package struct SumAggregation: AggregationMethod {
    package static let descriptor = MethodDescriptor(
        family: .aggregation, name: "sum", equation: "d = Σ g_i",
        summary: "The gradient of the summed losses; the baseline of the other aggregations.")

    package init(_ settings: MethodSettings) {}

    package func coefficients<Generator: RandomNumberGenerator>(
        _ gramian: Gramian, using generator: inout Generator
    ) -> [Double] {
        [Double](repeating: 1, count: gramian.count)
    }
}
