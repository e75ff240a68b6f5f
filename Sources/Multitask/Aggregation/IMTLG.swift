package import Spec

/// IMTL-G (Liu et al., ICLR 2021, "Towards Impartial Multi-Task Learning", eq. 2): the
/// combination whose projections onto all tasks' unit gradients are equal.
///
/// Σα = 1 and d·gᵢ/‖gᵢ‖ equal for all i, hence α ∝ G⁺δ with δᵢ = ‖gᵢ‖. The direction does not
/// depend on the losses' weights. Some α may be negative. Deviation: where no such combination exists
/// (Σ G⁺δ = 0), the mean gradient is used. No parameters.
package struct IMTLG: AggregationMethod {
    package static let descriptor = MethodDescriptor(
        family: .aggregation, name: "imtl_g", paper: "Liu et al., ICLR 2021",
        equation: "d = Σ α_i g_i, Σ α = 1, d·g_i/‖g_i‖ equal for all i",
        summary: "The combination that has the same projection onto every task's direction.",
        tasksMin: 2, ignoresLossScale: true)

    package init(_ settings: MethodSettings) {}

    package func coefficients<Generator: RandomNumberGenerator>(
        _ gramian: Gramian, using generator: inout Generator
    ) -> [Double] {
        let count = gramian.count
        let norms = gramian.diagonal.map { max(0, $0).squareRoot() }
        let inverse = norms.map { $0 > 0 ? 1 / $0 : 0 }
        // In terms of unit gradients the pseudo-inverse is well scaled: with D = diag(‖gᵢ‖) and
        // C = D⁻¹GD⁻¹, G⁻¹δ = D⁻¹C⁻¹1.
        var solution = [Double](repeating: 0, count: count)
        for (value, vector) in Spectrum(gramian.scaled(inverse)).significant {
            let share = zip(vector, norms).reduce(0) { $0 + ($1.1 > 0 ? $1.0 : 0) } / value
            for i in 0..<count { solution[i] += share * vector[i] * inverse[i] }
        }
        let total = solution.reduce(0, +)
        let size = solution.reduce(0) { $0 + abs($1) }
        guard size > 0, abs(total) > 1e-12 * size else {
            return [Double](repeating: 1 / Double(count), count: count)
        }
        return solution.map { $0 / total }
    }
}
