package import Spec

/// Aligned-MTL (Senushkin et al., 2305.19000, algorithm 1): makes the matrix of gradients
/// orthogonal before averaging, so that its condition number is 1.
///
/// G = VΛVᵀ; B = √λ_min Σ_r v_r v_rᵀ/√λ_r over the eigenvalues above zero; α = B·(1/T)·1. The
/// scale is the smallest singular value, as in the paper: a task whose gradient has all but vanished
/// shrinks the step of all (which Adam's scaling undoes). An eigenvalue counts as zero below 1e-12 of
/// the largest, whose Gramian is summed in float64; the authors' code, in float32, drops those below
/// T·1.2e-7. No parameters.
package struct AlignedMTL: AggregationMethod {
    package static let descriptor = MethodDescriptor(
        family: .aggregation, name: "aligned_mtl", paper: "arXiv:2305.19000",
        equation: "α = √λ_min V Λ^(−1/2) Vᵀ (1/T), G = V Λ Vᵀ",
        summary: "Aligns the principal components of the gradients, then averages.",
        tasksMin: 2)

    package init(_ settings: MethodSettings) {}

    package func coefficients<Generator: RandomNumberGenerator>(
        _ gramian: Gramian, using generator: inout Generator
    ) -> [Double] {
        let count = gramian.count
        let mean = 1 / Double(count)
        guard let unit = gramian.normalised else {
            return [Double](repeating: mean, count: count)
        }
        let parts = Spectrum(unit).significant
        let smallest = parts.map(\.value).min() ?? 1
        var solution = [Double](repeating: 0, count: count)
        for (value, vector) in parts {
            let share = (smallest / value).squareRoot() * mean * vector.reduce(0, +)
            for i in 0..<count { solution[i] += share * vector[i] }
        }
        return solution
    }
}
