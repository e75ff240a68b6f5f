/// Held-out examples on a plane, before and after training, in one coordinate system: both are
/// mapped together, so that a point's way is its drift.
package struct RepresentationMap: Codable, Sendable, Equatable {
    package struct Points: Codable, Sendable, Equatable {
        /// `[x, y]` of each example.
        package var before: [[Double]]
        package var after: [[Double]]
    }

    /// What the run's report calls it.
    package static let document = "map"

    /// The task of each example, as its place in the spec.
    package var tasks: [Int]
    package var principal: Points
    /// Share of the variance along each of the two principal axes.
    package var explained: [Double]
    package var neighbours: Points

    /// - Parameters:
    ///   - before: one row an example, `after` likewise.
    ///   - tasks: of each example.
    package init(before: FeatureMatrix, after: FeatureMatrix, tasks: [Int]) {
        let all = before.followed(by: after)
        let components = PrincipalComponents(all)
        let products = all.products(all)
        let n = all.rows
        let distances = (0..<n * n).map { place in
            let (i, j) = (place / n, place % n)
            return max(0, products[i * n + i] + products[j * n + j] - 2 * products[place])
        }
        let tsne = TSNE(distances: distances, start: components.coordinates)
        self.tasks = tasks
        explained = components.explained.map(Self.rounded)
        principal = Self.points(components.coordinates, before.rows)
        neighbours = Self.points(tsne.coordinates, before.rows)
    }

    private static func points(_ all: [(x: Double, y: Double)], _ count: Int) -> Points {
        let rows = all.map { [rounded($0.x), rounded($0.y)] }
        return Points(before: Array(rows[..<count]), after: Array(rows[count...]))
    }

    /// Six digits are more than a picture shows.
    private static func rounded(_ value: Double) -> Double {
        guard value.isFinite, value != 0 else { return 0 }
        var scale = 1.0
        while abs(value) * scale < 1e5, scale < 1e15 { scale *= 10 }
        return (value * scale).rounded() / scale
    }
}
