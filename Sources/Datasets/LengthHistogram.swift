/// Counts of lengths in bounded memory: one bucket a length below 1024, then 64 buckets for each
/// doubling, so that a quantile is at most 1/64 too low.
struct LengthHistogram {
    private var counts: [Int] = []
    private var total = 0
    private var minimum = Int.max
    private var maximum = 0

    mutating func add(_ length: Int) {
        let bucket = Self.bucket(length)
        if bucket >= counts.count {
            counts.append(contentsOf: repeatElement(0, count: bucket + 1 - counts.count))
        }
        counts[bucket] += 1
        total += 1
        minimum = min(minimum, length)
        maximum = max(maximum, length)
    }

    /// The smallest length that at least a share `q` of all lengths do not exceed.
    func quantile(_ q: Double) -> Int {
        let rank = max(1, Int((q * Double(total)).rounded(.up)))
        var seen = 0
        for (bucket, count) in counts.enumerated() {
            seen += count
            if seen >= rank { return min(max(Self.lowest(bucket), minimum), maximum) }
        }
        return 0
    }

    var summary: [String: Int] {
        [
            "min": total == 0 ? 0 : minimum, "p50": quantile(0.5), "p90": quantile(0.9),
            "p99": quantile(0.99), "max": maximum,
        ]
    }

    private static func bucket(_ length: Int) -> Int {
        guard length >= 1024 else { return length }
        let doublings = Int.bitWidth - 1 - length.leadingZeroBitCount - 10
        return 1024 + doublings * 64 + (length >> (doublings + 4)) - 64
    }

    private static func lowest(_ bucket: Int) -> Int {
        guard bucket >= 1024 else { return bucket }
        let (doublings, step) = (bucket - 1024).quotientAndRemainder(dividingBy: 64)
        return (64 + step) << (doublings + 4)
    }
}
