// Inner products of task gradients: all that an aggregation method may look at. It knows nothing
// of parameters or of where the gradients are kept.

/// G[i][j] = gᵢ·gⱼ of T task gradients, symmetric and positive semi-definite up to rounding.
package struct Gramian: Sendable, Equatable {
    /// T.
    package let count: Int
    /// Row-major, T².
    package private(set) var values: [Double]

    /// - Parameter values: row-major, `count²`; the two triangles are averaged.
    package init(count: Int, values: [Double]) {
        precondition(values.count == count * count, "a Gramian of \(count) tasks is square")
        self.count = count
        self.values = values
        for i in 0..<count {
            for j in 0..<i {
                let mean = 0.5 * (values[i * count + j] + values[j * count + i])
                self.values[i * count + j] = mean
                self.values[j * count + i] = mean
            }
        }
    }

    /// The Gramian of gradients given in full, one row a task.
    package init(rows: [[Double]]) {
        let products = rows.flatMap { a in
            rows.map { b in zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        }
        self.init(count: rows.count, values: products)
    }

    package subscript(i: Int, j: Int) -> Double { values[i * count + j] }

    /// ‖gᵢ‖².
    package var diagonal: [Double] { (0..<count).map { self[$0, $0] } }

    package var isFinite: Bool { values.allSatisfy(\.isFinite) }

    /// G·x.
    package func times(_ x: [Double]) -> [Double] {
        (0..<count).map { i in (0..<count).reduce(0) { $0 + self[i, $1] * x[$1] } }
    }

    /// xᵀGx = ‖Σ xᵢgᵢ‖², not below 0.
    package func quadratic(_ x: [Double]) -> Double {
        max(0, zip(x, times(x)).reduce(0) { $0 + $1.0 * $1.1 })
    }

    /// The Gramian of the gradients scaled by one factor each.
    package func scaled(_ factors: [Double]) -> Gramian {
        Gramian(
            count: count,
            values: values.enumerated().map { place, value in
                value * factors[place / count] * factors[place % count]
            })
    }

    /// The Gramian of some of the gradients.
    package func restricted(to tasks: [Int]) -> Gramian {
        Gramian(count: tasks.count, values: tasks.flatMap { i in tasks.map { self[i, $0] } })
    }

    /// With something added to each ‖gᵢ‖².
    func adding(diagonal: [Double]) -> Gramian {
        Gramian(
            count: count,
            values: values.enumerated().map { place, value in
                value + (place / count == place % count ? diagonal[place % count] : 0)
            })
    }

    /// Divided by the largest ‖gᵢ‖², so that what follows cannot overflow; `nil` where every
    /// gradient is zero.
    var normalised: Gramian? {
        guard let largest = diagonal.max(), largest > 0 else { return nil }
        // Two factors: the square of the one alone may leave the range of Double.
        return Gramian(count: count, values: values.map { $0 / largest })
    }

    package static func + (a: Gramian, b: Gramian) -> Gramian {
        Gramian(count: a.count, values: zip(a.values, b.values).map { $0 + $1 })
    }
}
