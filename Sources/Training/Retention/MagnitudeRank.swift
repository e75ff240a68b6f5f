/// Which of many values are among the share with the largest magnitudes, found in two passes over
/// them without a copy: magnitudes of floats are ordered as their bits are.
struct MagnitudeRank {
    /// Of the values, at least one.
    let share: Double

    private static let lowBits = 15

    /// The smallest magnitude that is among the largest `share`.
    /// - Parameter each: calls its argument with every value, as often as it is asked to.
    func threshold(_ each: ((Float) -> Void) -> Void) -> Float {
        var high = [Int](repeating: 0, count: 1 << 16)
        var count = 0
        each { value in
            high[Int(value.magnitude.bitPattern >> Self.lowBits)] += 1
            count += 1
        }
        guard count > 0 else { return 0 }
        let kept = max(1, Int((share * Double(count)).rounded()))
        let (top, above) = Self.place(of: kept, in: high)
        var low = [Int](repeating: 0, count: 1 << Self.lowBits)
        let mask = UInt32(low.count - 1)
        each { value in
            let bits = value.magnitude.bitPattern
            if bits >> Self.lowBits == UInt32(top) { low[Int(bits & mask)] += 1 }
        }
        let (bottom, _) = Self.place(of: kept - above, in: low)
        return Float(bitPattern: UInt32(top) << Self.lowBits | UInt32(bottom))
    }

    /// The bin of the value with this rank, counted from the largest, and how many are in the bins
    /// above.
    private static func place(of rank: Int, in bins: [Int]) -> (bin: Int, above: Int) {
        var above = 0
        for bin in bins.indices.reversed() {
            guard above + bins[bin] < rank else { return (bin, above) }
            above += bins[bin]
        }
        return (0, above)
    }
}
