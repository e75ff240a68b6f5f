/// A uniform sample without replacement of a stream of unknown length (Vitter 1985, algorithm R).
///
/// The n-th item draws j uniform in 1…n and replaces slot j where j ≤ capacity, so that every item
/// of the stream is kept with the same probability. Each item is to be offered once, not once an
/// epoch. Draw n follows from the seed and n: `seen` is the whole state beside the items.
package struct Reservoir: Sendable, Equatable {
    package let capacity: Int
    package private(set) var seen: Int
    private let seed: UInt64

    /// - Parameter seen: items that were offered before.
    package init(capacity: Int, seed: UInt64, seen: Int = 0) {
        precondition(capacity >= 0 && seen >= 0, "counts are not negative")
        self.capacity = capacity
        self.seed = seed
        self.seen = seen
    }

    /// Offers the next item: the slot that takes it, from 0 (a new one while there is room, else
    /// one whose item goes), or `nil`.
    package mutating func offer() -> Int? {
        seen += 1
        if seen <= capacity { return seen - 1 }
        var generator = SeededGenerator(seed, UInt64(seen))
        let slot = generator.index(below: seen)
        return slot < capacity ? slot : nil
    }

    /// What is kept of the items 0..<count, in the order of the slots.
    package static func kept(of count: Int, capacity: Int, seed: UInt64) -> [Int] {
        var reservoir = Reservoir(capacity: capacity, seed: seed)
        return reservoir.fill(from: count)
    }

    /// The same by a reservoir that has seen nothing yet, and has seen them all then.
    package mutating func fill(from count: Int) -> [Int] {
        precondition(seen == 0, "the first items of the stream")
        var slots = [Int](repeating: 0, count: min(count, capacity))
        for item in 0..<count {
            if let slot = offer() { slots[slot] = item }
        }
        return slots
    }
}
