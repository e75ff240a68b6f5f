package import Spec

/// UPGrad (Quinton and Rey, 2406.16232, §3): each task's gradient is projected onto the cone of
/// directions that oppose no task, and the projections are averaged.
///
/// Symbols: uᵢ = eᵢ/T; wᵢ = argmin over v ≥ uᵢ of vᵀGv; α = Σ wᵢ. Unlike MGDA it keeps large
/// gradients large; unlike PCGrad it opposes no task whatever their number. G is divided by its
/// trace and gets 1e-4 on the diagonal, as in the authors' library; with it a task may be opposed
/// by that little. No parameters.
package struct UPGrad: AggregationMethod {
    package static let descriptor = MethodDescriptor(
        family: .aggregation, name: "upgrad", paper: "arXiv:2406.16232",
        equation: "d = (1/T) Σ_i projection of g_i onto {d : g_j·d ≥ 0 for all j}",
        summary: "Averages the tasks' gradients after projecting each so that it opposes none.",
        tasksMin: 2)

    package init(_ settings: MethodSettings) {}

    package func coefficients<Generator: RandomNumberGenerator>(
        _ gramian: Gramian, using generator: inout Generator
    ) -> [Double] {
        let count = gramian.count
        var sum = [Double](repeating: 0, count: count)
        for i in 0..<count {
            var preference = [Double](repeating: 0, count: count)
            preference[i] = 1 / Double(count)
            for (j, value) in DualCone.projection(gramian, of: preference).enumerated() {
                sum[j] += value
            }
        }
        return sum
    }
}
