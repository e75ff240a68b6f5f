/// Deadlines in a binary heap. Pure: the caller brings the clock.
///
/// An entry cannot be taken out; whoever armed it checks, when it fires, whether it still counts.
package struct Timers: Sendable {
    package struct Entry: Sendable, Equatable {
        package var deadline: Double
        package var token: UInt64
    }
    private var heap: [Entry] = []

    package init() {}

    package var count: Int { heap.count }
    package var earliest: Double? { heap.first?.deadline }

    /// O(log n).
    package mutating func arm(_ token: UInt64, at deadline: Double) {
        heap.append(Entry(deadline: deadline, token: token))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].deadline < heap[parent].deadline else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// The earliest entry that is due, taken out; nil when none is. O(log n).
    package mutating func popExpired(at now: Double) -> Entry? {
        guard let first = heap.first, first.deadline <= now else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].deadline < heap[smallest].deadline {
                smallest = child
            }
            guard smallest != parent else { return first }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
