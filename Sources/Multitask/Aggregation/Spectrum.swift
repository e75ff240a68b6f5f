/// Eigenvalues and eigenvectors of a small symmetric matrix, by Jacobi's rotations.
struct Spectrum {
    /// Gradients are float32: what their Gramian says below this share of its largest eigenvalue
    /// is rounding.
    private static let rankMin = 1e-12
    private static let sweeps = 60

    /// Ascending in no order; `vectors[k]` belongs to `values[k]`, of length 1.
    let values: [Double]
    let vectors: [[Double]]

    /// The pairs that are not rounding.
    var significant: [(value: Double, vector: [Double])] {
        let largest = values.max() ?? 0
        return zip(values, vectors).filter { $0.0 > Self.rankMin * largest && $0.0 > 0 }
            .map { (value: $0.0, vector: $0.1) }
    }

    init(_ matrix: Gramian) {
        let n = matrix.count
        var a = matrix.values
        var v = (0..<n * n).map { $0 / n == $0 % n ? 1.0 : 0 }
        for _ in 0..<Self.sweeps {
            let off = (0..<n * n).reduce(0) { $1 / n == $1 % n ? $0 : $0 + a[$1] * a[$1] }
            let all = a.reduce(0) { $0 + $1 * $1 }
            if off <= 1e-34 * all { break }
            for p in 0..<n {
                for q in (p + 1)..<max(n, p + 1) where a[p * n + q] != 0 {
                    Self.rotate(&a, &v, n, p, q)
                }
            }
        }
        values = (0..<n).map { a[$0 * n + $0] }
        vectors = (0..<n).map { k in (0..<n).map { v[$0 * n + k] } }
    }

    /// One rotation that makes a[p][q] zero (Golub and Van Loan, §8.5.2).
    private static func rotate(
        _ a: inout [Double], _ v: inout [Double], _ n: Int, _ p: Int, _ q: Int
    ) {
        let tau = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
        let t = (tau >= 0 ? 1.0 : -1) / (abs(tau) + (1 + tau * tau).squareRoot())
        let c = 1 / (1 + t * t).squareRoot()
        let s = t * c
        for k in 0..<n {
            let (x, y) = (a[k * n + p], a[k * n + q])
            a[k * n + p] = c * x - s * y
            a[k * n + q] = s * x + c * y
        }
        for k in 0..<n {
            let (x, y) = (a[p * n + k], a[q * n + k])
            a[p * n + k] = c * x - s * y
            a[q * n + k] = s * x + c * y
        }
        for k in 0..<n {
            let (x, y) = (v[k * n + p], v[k * n + q])
            v[k * n + p] = c * x - s * y
            v[k * n + q] = s * x + c * y
        }
    }
}
