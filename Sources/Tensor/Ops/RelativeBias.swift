// T5's position bias (Raffel et al., 1910.10683, section 2.1): a learnt number for each head and
// bucket of distances. Spread over all distances it is what attention adds; back, its gradient is
// summed by bucket and task.
private import Glibc

/// A table of `[buckets, heads]` that attention adds by the distance from query to key.
package struct RelativeBias {
    package let table: Parameter
    /// Keys on both sides of the query have buckets of their own; else those after it share
    /// bucket 0.
    package let bidirectional: Bool
    /// Distances from here on share the last bucket.
    package let distanceMax: Int

    package init(_ table: Parameter, bidirectional: Bool, distanceMax: Int) {
        self.table = table
        self.bidirectional = bidirectional
        self.distanceMax = distanceMax
    }

    /// The table's values for distances −(reach−1) … reach−1.
    struct Spread {
        let values: Tensor
        let reach: Int
        var span: Int { max(2 * reach - 1, 1) }
        var bias: DistanceBias { DistanceBias(values.pointer, span: span, origin: reach - 1) }
    }

    private var heads: Int { table.value.width }

    func spread(reach: Int) -> Spread {
        let spread = Spread(
            values: Tensor([heads, max(2 * reach - 1, 1)], backend: table.value.backend),
            reach: reach)
        for index in 0..<max(2 * reach - 1, 0) {
            let row = table.value.pointer + bucket(index - reach + 1) * heads
            for head in 0..<heads { spread.values.pointer[head * spread.span + index] = row[head] }
        }
        return spread
    }

    /// Zeros of `[segments, heads, span]`; nil where no gradient is wanted.
    func gradient(segments: Int, like spread: Spread?) -> Tensor? {
        guard table.isTrainable, let spread else { return nil }
        let gradient = Tensor([segments, heads, spread.span], backend: table.value.backend)
        table.value.backend.zero(gradient.pointer, gradient.count)
        return gradient
    }

    /// Adds each segment's gradient to the slot of the task that owns its rows.
    func accumulate(_ gradient: Tensor, _ spread: Spread, segments: [Segment], rows: RowSpace?) {
        for (slot, range) in table.slotRanges(rows, count: segments.last?.upperBound ?? 0) {
            let target = table.accumulator(slot: slot)
            if !target.adds { table.value.backend.zero(target.pointer, table.value.count) }
            for (index, segment) in segments.enumerated()
            where !segment.isEmpty && range.contains(segment.lowerBound) {
                let own = gradient.pointer + index * heads * spread.span
                for place in 0..<spread.span {
                    let sum = target.pointer + bucket(place - spread.reach + 1) * heads
                    for head in 0..<heads { sum[head] += own[head * spread.span + place] }
                }
            }
        }
    }

    /// Half of the buckets count single steps, the other half grow with the logarithm.
    func bucket(_ distance: Int) -> Int {
        var (buckets, base) = (table.value.rowCount, 0)
        var steps = -distance
        if bidirectional {
            buckets /= 2
            if distance > 0 { base = buckets }
            steps = abs(distance)
        } else {
            steps = max(steps, 0)
        }
        let exact = buckets / 2
        guard steps >= exact else { return base + steps }
        // In single precision, as the models were trained: borders fall where theirs do.
        let ratio =
            log(Float(steps) / Float(exact)) / Float(log(Double(distanceMax) / Double(exact)))
        let far = exact + Int(ratio * Float(buckets - exact))
        return base + min(far, buckets - 1)
    }
}
