/// The point of least norm in the convex hull of vectors known by their Gramian.
enum MinimumNorm {
    /// w in the simplex that minimises wᵀGw; uniform where every vector is zero.
    ///
    /// On the simplex wᵀ11ᵀw is constant, so G + 11ᵀ has the same minimum, and there the
    /// constraint Σw = 1 is met by scaling the solution of min ½yᵀ(G + 11ᵀ)y − 1ᵀy over y ≥ 0.
    static func weights(_ gramian: Gramian) -> [Double] {
        let count = gramian.count
        let uniform = [Double](repeating: 1 / Double(count), count: count)
        guard let unit = gramian.normalised else { return uniform }
        let lifted = Gramian(count: count, values: unit.values.map { $0 + 1 })
        let solution = NonnegativeQuadratic.minimum(
            lifted, linear: [Double](repeating: -1, count: count))
        let total = solution.reduce(0, +)
        return total > 0 ? solution.map { $0 / total } : uniform
    }
}
