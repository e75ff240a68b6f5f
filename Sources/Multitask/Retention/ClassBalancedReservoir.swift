/// A sample of a stream whose classes it keeps as even as the stream allows (CBRS: Chrysakis and
/// Moens, ICML 2020, "Online continual learning from imbalanced data", algorithm 1).
///
/// While there is room every item is kept. Then an item of a class that was never the largest takes
/// the slot of a random item of the largest class; an item of a class that was ("full") takes the
/// slot of a random item of its own class with probability m/n, m of the class being kept and n seen.
package enum ClassBalancedReservoir {
    /// What is kept of the items 0..<labels.count, in the order of the slots.
    package static func kept(labels: [Int32], capacity: Int, seed: UInt64) -> [Int] {
        var slots: [Int] = []
        var seen: [Int32: Int] = [:]
        var held: [Int32: Int] = [:]
        var full: Set<Int32> = []
        for (item, label) in labels.enumerated() {
            seen[label, default: 0] += 1
            if slots.count < capacity {
                slots.append(item)
                held[label, default: 0] += 1
                continue
            }
            let largest = held.values.max() ?? 0
            for (other, count) in held where count == largest { full.insert(other) }
            var generator = SeededGenerator(seed, UInt64(item))
            func take(_ isCandidate: (Int32) -> Bool) {
                let candidates = slots.indices.filter { isCandidate(labels[slots[$0]]) }
                let slot = candidates[generator.index(below: candidates.count)]
                held[labels[slots[slot]], default: 0] -= 1
                held[label, default: 0] += 1
                slots[slot] = item
            }
            let (own, all) = (held[label, default: 0], seen[label, default: 0])
            if !full.contains(label) {
                take { held[$0] == largest }
            } else if own > 0, generator.index(below: all) < own {
                take { $0 == label }
            }
        }
        return slots
    }
}
