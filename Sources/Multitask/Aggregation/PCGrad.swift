package import Spec

/// PCGrad (Yu et al., 2001.06782, algorithm 1): each task's gradient loses what opposes the
/// others.
///
/// For each i, v = gᵢ; over j ≠ i in random order, where v·gⱼ < 0: v −= (v·gⱼ/‖gⱼ‖²)gⱼ with the
/// original gⱼ. d is the *sum* of the v, as in the algorithm. On the whole vector of shared
/// parameters, not tensor by tensor, which would be another method. No parameters.
///
/// Here v is kept as its coefficients c, so that v·gⱼ = (Gc)ⱼ. A new order is drawn for every
/// task at every step.
package struct PCGrad: AggregationMethod {
    package static let descriptor = MethodDescriptor(
        family: .aggregation, name: "pcgrad", paper: "arXiv:2001.06782",
        equation: "d = Σ_i v_i; v_i −= (v_i·g_j / ‖g_j‖²) g_j where v_i·g_j < 0",
        summary: "Removes from each task's gradient what conflicts with the others', then sums.",
        tasksMin: 2)

    package init(_ settings: MethodSettings) {}

    package func coefficients<Generator: RandomNumberGenerator>(
        _ gramian: Gramian, using generator: inout Generator
    ) -> [Double] {
        let count = gramian.count
        var sum = [Double](repeating: 0, count: count)
        for i in 0..<count {
            var own = [Double](repeating: 0, count: count)
            own[i] = 1
            for j in generator.permutation(count) where j != i && gramian[j, j] > 0 {
                let product = (0..<count).reduce(0) { $0 + own[$1] * gramian[$1, j] }
                if product < 0 { own[j] -= product / gramian[j, j] }
            }
            for j in 0..<count { sum[j] += own[j] }
        }
        return sum
    }
}
