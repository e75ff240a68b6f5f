package import Spec

/// MGDA (Désidéri 2012; Sener and Koltun, 1810.04650, eq. 3): the point of least norm in the
/// convex hull of the gradients, min ‖Σ wᵢgᵢ‖² over the simplex.
///
/// It is zero exactly where the tasks cannot all improve (Pareto stationary), and never opposes
/// a task. The hull is searched exactly (Lawson–Hanson), not by Frank–Wolfe steps. No parameters.
package struct MGDA: AggregationMethod {
    package static let descriptor = MethodDescriptor(
        family: .aggregation, name: "mgda", paper: "arXiv:1810.04650",
        equation: "d = Σ w_i g_i, w = argmin over the simplex of ‖Σ w_i g_i‖²",
        summary: "The shortest convex combination of the gradients; small gradients dominate.",
        tasksMin: 2)

    package init(_ settings: MethodSettings) {}

    package func coefficients<Generator: RandomNumberGenerator>(
        _ gramian: Gramian, using generator: inout Generator
    ) -> [Double] {
        MinimumNorm.weights(gramian)
    }
}
