import Spec

/// Gathers points and hands them over about once a second.
struct MetricBuffer {
    private static let seconds = 1.0
    private static let pointsMax = 2_000

    private var points: [MetricPoint] = []
    private var watch = Stopwatch()

    mutating func add(_ point: MetricPoint) { points.append(point) }

    /// The gathered points where it is time (or `now`), else none.
    mutating func take(now: Bool) -> [MetricPoint] {
        guard now || watch.seconds >= Self.seconds || points.count >= Self.pointsMax else {
            return []
        }
        defer {
            points = []
            watch.reset()
        }
        return points
    }
}
