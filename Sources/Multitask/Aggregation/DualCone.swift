/// Projection onto the cone of directions that oppose no task, by the Gramian alone.
enum DualCone {
    /// Added to the diagonal of the Gramian over its trace, as the authors of UPGrad do in their
    /// library (`reg_eps`): it makes the projection unique where gradients depend on each other.
    static let regularisation = 1e-4

    /// Coefficients of the projection of Σ uᵢgᵢ: argmin over v ≥ u of vᵀGv (2406.16232, prop. 1).
    static func projection(_ gramian: Gramian, of preference: [Double]) -> [Double] {
        let trace = gramian.diagonal.reduce(0, +)
        guard trace > 0 else { return preference }
        let count = gramian.count
        let matrix = Gramian(count: count, values: gramian.values.map { $0 / trace })
            .adding(diagonal: [Double](repeating: regularisation, count: count))
        let beyond = NonnegativeQuadratic.minimum(matrix, linear: matrix.times(preference))
        return zip(preference, beyond).map { $0 + $1 }
    }
}
