/// Pairs by how often they occur, among equals the smaller ids first: a binary heap.
struct PairQueue {
    private var heap: [(pair: UInt64, count: Int)] = []

    static func tokens(_ pair: UInt64) -> (left: Int32, right: Int32) {
        (Int32(truncatingIfNeeded: pair >> 32), Int32(truncatingIfNeeded: pair))
    }

    private static func precedes(
        _ a: (pair: UInt64, count: Int), _ b: (pair: UInt64, count: Int)
    ) -> Bool {
        a.count != b.count ? a.count > b.count : a.pair < b.pair
    }

    mutating func push(_ pair: UInt64, _ count: Int) {
        heap.append((pair, count))
        var child = heap.count - 1
        while child > 0, case let parent = (child - 1) / 2, Self.precedes(heap[child], heap[parent])
        {
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> (pair: UInt64, count: Int)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, Self.precedes(heap[child + 1], heap[child]) { child += 1 }
            guard Self.precedes(heap[child], heap[parent]) else { break }
            heap.swapAt(child, parent)
            parent = child
        }
        return first
    }
}
