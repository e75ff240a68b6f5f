/// Linear centred kernel alignment of two sets of features of the same examples (Kornblith et al.,
/// 1905.00414, eq. 3 with linear kernels): ⟨K, L⟩ / (‖K‖ ‖L‖), K and L the centred matrices of inner
/// products, which equals ‖YᵀX‖² / (‖XᵀX‖ ‖YᵀY‖) of the centred features. 1: the same up to
/// rotation and scale. Only figures of the same number of rows compare: few rows make it large.
package struct LinearCKA: Sendable {
    private let kernel: [Double]
    private let norm: Double

    /// Prepares one side, to be compared with many.
    package init(_ features: FeatureMatrix) {
        let products = features.products(features)
        kernel = Self.centred(products, features.rows)
        norm =
            Self.varies(kernel, of: products, features.rows)
            ? kernel.reduce(0) { $0 + $1 * $1 }.squareRoot() : 0
    }

    /// Whether what is left after centring is more than rounding.
    static func varies(_ centred: [Double], of products: [Double], _ n: Int) -> Bool {
        func trace(_ matrix: [Double]) -> Double {
            (0..<n).reduce(0) { $0 + matrix[$1 * n + $1] }
        }
        return trace(centred) > 1e-12 * trace(products)
    }

    /// In 0…1; `nil` where a side does not vary at all.
    package func alignment(with features: FeatureMatrix) -> Double? {
        let other = LinearCKA(features)
        precondition(other.kernel.count == kernel.count, "both sides must have the same rows")
        guard norm > 0, other.norm > 0 else { return nil }
        return zip(kernel, other.kernel).reduce(0) { $0 + $1.0 * $1.1 } / norm / other.norm
    }

    /// HKH with H = I − 11ᵀ/n.
    static func centred(_ kernel: [Double], _ n: Int) -> [Double] {
        guard n > 0 else { return [] }
        let means = (0..<n).map { row in
            kernel[row * n..<(row + 1) * n].reduce(0, +) / Double(n)
        }
        let mean = means.reduce(0, +) / Double(n)
        var centred = kernel
        for i in 0..<n {
            for j in 0..<n { centred[i * n + j] += mean - means[i] - means[j] }
        }
        return centred
    }
}
