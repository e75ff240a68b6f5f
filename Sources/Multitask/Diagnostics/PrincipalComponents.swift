/// The first two principal components of some rows, from their n × n inner products.
///
/// Coordinates are √λ times the entries of the unit eigenvectors, so that distances are those of
/// the projected features. An eigenvector's sign is chosen so that its entry of the largest size
/// is positive (the first of them), which makes the map a function of the features.
struct PrincipalComponents {
    /// x and y of each row.
    let coordinates: [(x: Double, y: Double)]
    /// Share of the variance that each of the two explains.
    let explained: [Double]

    private static let width = 6
    private static let iterations = 300

    init(_ features: FeatureMatrix) {
        let n = features.rows
        let products = features.products(features)
        let kernel = LinearCKA.centred(products, n)
        let trace = (0..<n).reduce(0) { $0 + kernel[$1 * n + $1] }
        guard LinearCKA.varies(kernel, of: products, n) else {
            coordinates = (0..<n).map { _ in (0, 0) }
            explained = [0, 0]
            return
        }
        let pairs = Self.leading(kernel, n)
        let axes = pairs.prefix(2).map { value, vector in
            vector.map { $0 * max(0, value).squareRoot() }
        }
        let zeros = [Double](repeating: 0, count: n)
        let (x, y) = (axes.first ?? zeros, axes.count > 1 ? axes[1] : zeros)
        coordinates = (0..<n).map { (x[$0], y[$0]) }
        explained = (0..<2).map { $0 < pairs.count ? max(0, pairs[$0].0) / trace : 0 }
    }

    /// The largest eigenvalues of a symmetric matrix with their unit vectors, in falling order, by
    /// orthogonal iteration with Rayleigh and Ritz's step (Golub and Van Loan, §8.2.4).
    private static func leading(_ a: [Double], _ n: Int) -> [(Double, [Double])] {
        let count = min(width, n)
        var generator = SeededGenerator(1, 1)
        var basis = orthonormal((0..<count).map { _ in (0..<n).map { _ in generator.normal() } })
        var values = [Double](repeating: 0, count: count)
        for _ in 0..<iterations {
            let images = basis.map { times(a, $0, n) }
            let small = basis.flatMap { v in images.map { dot(v, $0) } }
            let ritz = Spectrum(Gramian(count: basis.count, values: small))
            let order = ritz.values.indices.sorted { ritz.values[$0] > ritz.values[$1] }
            let before = values
            values = order.map { ritz.values[$0] }
            let rotated = order.map { pair in
                sum(images, ritz.vectors[pair], n)
            }
            basis = orthonormal(rotated)
            let moved = zip(values, before).prefix(2).map { abs($0 - $1) }.max() ?? 0
            if moved <= 1e-13 * abs(values[0]) { break }
        }
        return zip(values, basis).map { ($0, signed($1)) }
    }

    private static func times(_ a: [Double], _ v: [Double], _ n: Int) -> [Double] {
        a.withUnsafeBufferPointer { a in
            (0..<n).map { row in
                var sum = 0.0
                for column in 0..<n { sum += a[row * n + column] * v[column] }
                return sum
            }
        }
    }

    private static func dot(_ a: [Double], _ b: [Double]) -> Double {
        zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }

    private static func sum(_ vectors: [[Double]], _ weights: [Double], _ n: Int) -> [Double] {
        (0..<n).map { place in
            zip(vectors, weights).reduce(0) { $0 + $1.0[place] * $1.1 }
        }
    }

    /// Gram and Schmidt, twice for rounding; what depends on the vectors before it becomes zero.
    private static func orthonormal(_ vectors: [[Double]]) -> [[Double]] {
        var basis: [[Double]] = []
        for vector in vectors {
            var rest = vector
            let size = dot(vector, vector).squareRoot()
            for _ in 0..<2 {
                for known in basis {
                    let share = dot(rest, known)
                    rest = zip(rest, known).map { $0 - share * $1 }
                }
            }
            let norm = dot(rest, rest).squareRoot()
            let isNew = norm > 1e-12 * size && norm > 0
            basis.append(rest.map { isNew ? $0 / norm : 0 })
        }
        return basis
    }

    private static func signed(_ vector: [Double]) -> [Double] {
        let largest = vector.max { abs($0) < abs($1) } ?? 0
        // Equal sizes up to rounding: the first decides.
        let first = vector.first { abs($0) >= abs(largest) * (1 - 1e-9) } ?? largest
        return first < 0 ? vector.map { -$0 } : vector
    }
}
