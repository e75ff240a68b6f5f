internal import Glibc

/// t-distributed stochastic neighbour embedding in two dimensions (van der Maaten and Hinton 2008),
/// exact: for a few hundred rows.
///
/// p_{j|i} ∝ exp(−‖xᵢ−xⱼ‖²/2σᵢ²) with σᵢ such that the perplexity 2^H is the wanted one,
/// p = (p_{j|i} + p_{i|j})/2n, q ∝ 1/(1+‖yᵢ−yⱼ‖²); gradient 4 Σⱼ (pᵢⱼ−qᵢⱼ)(yᵢ−yⱼ)/(1+‖yᵢ−yⱼ‖²).
/// Momentum 0.5, then 0.8, gains as in the authors' code; p exaggerated 12 times for the first 250
/// of 1000 iterations; learning rate n/48, at least 50 (Belkina et al. 2019, as in
/// scikit-learn). Starts from the given points scaled to a deviation of 1e-4 (Kobak and Linderman
/// 2021), so that it is a function of its input.
struct TSNE {
    static let iterations = 1000
    private static let exaggeration = 12.0
    private static let exaggerated = 250

    /// x and y of each row.
    private(set) var coordinates: [(x: Double, y: Double)]
    /// Σ p ln(p/q) at the end.
    private(set) var divergence = 0.0

    /// - Parameters:
    ///   - distances: squared, n × n.
    ///   - start: n points, for instance the first two principal components.
    ///   - perplexity: neighbours that a point has, about; at most a third of the others.
    init(
        distances: [Double], start: [(x: Double, y: Double)], perplexity: Double = 30,
        iterations: Int = TSNE.iterations
    ) {
        let n = start.count
        coordinates = start
        guard n > 3 else { return }
        let wanted = max(1, min(perplexity, Double(n - 1) / 3))
        let p = Self.joint(distances, n, perplexity: wanted)
        var descent = Descent(start: start)
        for iteration in 0..<iterations {
            let isEarly = iteration < Self.exaggerated
            divergence = descent.step(
                p, exaggeration: isEarly ? Self.exaggeration : 1, momentum: isEarly ? 0.5 : 0.8)
        }
        coordinates = zip(descent.x, descent.y).map { ($0, $1) }
    }

    /// Symmetric probabilities, n × n.
    static func joint(_ distances: [Double], _ n: Int, perplexity: Double) -> [Double] {
        let entropy = log(perplexity)
        var p = [Double](repeating: 0, count: n * n)
        for i in 0..<n {
            let own = Array(distances[i * n..<(i + 1) * n])
            // The nearest other row sets the scale, so that no exponent underflows for all.
            let nearest = own.indices.filter { $0 != i }.map { own[$0] }.min() ?? 0
            var (low, high, beta) = (0.0, Double.infinity, 1.0)
            var row = [Double](repeating: 0, count: n)
            for _ in 0..<100 {
                var (total, weighted) = (0.0, 0.0)
                for j in 0..<n where j != i {
                    row[j] = exp(-beta * (own[j] - nearest))
                    total += row[j]
                    weighted += row[j] * (own[j] - nearest)
                }
                let found = log(total) + beta * weighted / total
                for j in 0..<n { row[j] /= total }
                if abs(found - entropy) < 1e-5 { break }
                if found > entropy { low = beta } else { high = beta }
                beta = high.isInfinite ? beta * 2 : (low + high) / 2
            }
            for j in 0..<n { p[i * n + j] = row[j] }
        }
        let single = p
        for i in 0..<n {
            for j in 0..<n {
                p[i * n + j] = max(1e-12, (single[i * n + j] + single[j * n + i]) / Double(2 * n))
            }
        }
        return p
    }

    /// The points under way.
    private struct Descent {
        var x: [Double]
        var y: [Double]
        private var speed: [Double]
        private var gains: [Double]
        private let n: Int
        private let rate: Double

        init(start: [(x: Double, y: Double)]) {
            n = start.count
            let mean = start.reduce(0) { $0 + $1.x } / Double(n)
            let square = start.reduce(0) { $0 + ($1.x - mean) * ($1.x - mean) } / Double(n)
            let scale = square > 0 ? 1e-4 / square.squareRoot() : 0
            x = start.map { $0.x * scale }
            y = start.map { $0.y * scale }
            speed = [Double](repeating: 0, count: 2 * n)
            gains = [Double](repeating: 1, count: 2 * n)
            rate = max(50, Double(n) / TSNE.exaggeration / 4)
        }

        /// - Returns: the divergence before the step.
        mutating func step(_ p: [Double], exaggeration: Double, momentum: Double) -> Double {
            let (gradient, divergence) = gradient(p, exaggeration)
            for k in 0..<2 * n {
                let agrees = (gradient[k] > 0) == (speed[k] > 0)
                gains[k] = max(0.01, agrees ? gains[k] * 0.8 : gains[k] + 0.2)
                speed[k] = momentum * speed[k] - rate * gains[k] * gradient[k]
            }
            for i in 0..<n {
                x[i] += speed[i]
                y[i] += speed[n + i]
            }
            return divergence
        }

        private func gradient(
            _ p: [Double], _ exaggeration: Double
        ) -> (gradient: [Double], divergence: Double) {
            var near = [Double](repeating: 0, count: n * n)
            var total = 0.0
            for i in 0..<n {
                for j in 0..<n where j != i {
                    let (dx, dy) = (x[i] - x[j], y[i] - y[j])
                    near[i * n + j] = 1 / (1 + dx * dx + dy * dy)
                    total += near[i * n + j]
                }
            }
            var gradient = [Double](repeating: 0, count: 2 * n)
            var divergence = 0.0
            for i in 0..<n {
                var (gx, gy) = (0.0, 0.0)
                for j in 0..<n where j != i {
                    let place = i * n + j
                    let q = max(1e-12, near[place] / total)
                    let pull = (exaggeration * p[place] - q) * near[place]
                    gx += pull * (x[i] - x[j])
                    gy += pull * (y[i] - y[j])
                    divergence += p[place] * log(p[place] / q)
                }
                gradient[i] = 4 * gx
                gradient[n + i] = 4 * gy
            }
            return (gradient, divergence)
        }
    }
}
