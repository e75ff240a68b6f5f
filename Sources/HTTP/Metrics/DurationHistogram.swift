/// How often requests took how long.
package struct DurationHistogram: Sendable, Equatable {
    /// Upper bounds of the buckets in seconds; one more bucket has no bound. From a small answer's
    /// half millisecond to a generation's minute.
    package static let bounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    /// By bucket, not cumulative; `bounds.count + 1` of them.
    package private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
    /// Seconds.
    package private(set) var sum = 0.0
    package private(set) var count: UInt64 = 0

    package init() {}

    package mutating func add(seconds: Double) {
        var bucket = 0
        while bucket < Self.bounds.count, seconds > Self.bounds[bucket] { bucket += 1 }
        counts[bucket] += 1
        sum += seconds
        count += 1
    }

    package mutating func merge(_ other: DurationHistogram) {
        for bucket in counts.indices { counts[bucket] += other.counts[bucket] }
        sum += other.sum
        count += other.count
    }
}
