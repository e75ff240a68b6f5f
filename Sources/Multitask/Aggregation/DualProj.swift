package import Spec

/// DualProj: the mean gradient projected onto the cone of directions that oppose no task, which is
/// what GEM (Lopez-Paz and Ranzato, 1706.08840, eq. 11) does with its memories as tasks.
///
/// α = argmin over v ≥ 1/T of vᵀGv, with the same regularisation as UPGrad. No parameters.
package struct DualProj: AggregationMethod {
    package static let descriptor = MethodDescriptor(
        family: .aggregation, name: "dualproj", paper: "arXiv:1706.08840",
        equation: "d = projection of the mean gradient onto {d : g_j·d ≥ 0 for all j}",
        summary: "The mean gradient, turned as little as needed to oppose no task.",
        tasksMin: 2)

    package init(_ settings: MethodSettings) {}

    package func coefficients<Generator: RandomNumberGenerator>(
        _ gramian: Gramian, using generator: inout Generator
    ) -> [Double] {
        let mean = [Double](repeating: 1 / Double(gramian.count), count: gramian.count)
        return DualCone.projection(gramian, of: mean)
    }
}
