/// The symbols of one word as a linked list, with the possible merges in a heap.
struct MergeChain {
    private let merges: [UInt64: ByteLevelBPE.Merge]
    private var tokens: [Int32]
    private var next: [Int32]
    private var previous: [Int32]
    /// Rank and result of merging symbol i with its successor; rank `none` when they do not merge.
    private var ranks: [UInt32]
    private var results: [Int32]
    /// Binary min-heap of rank << 32 | position. Entries whose rank is no longer their
    /// position's are stale and skipped.
    private var heap: [UInt64] = []

    private static let none = UInt32.max

    init(_ tokens: [Int32], _ merges: [UInt64: ByteLevelBPE.Merge]) {
        let count = tokens.count
        self.merges = merges
        self.tokens = tokens
        next = (0..<Int32(count)).map { $0 + 1 < count ? $0 + 1 : -1 }
        previous = (0..<Int32(count)).map { $0 - 1 }
        ranks = [UInt32](repeating: Self.none, count: count)
        results = [Int32](repeating: 0, count: count)
        for position in 0..<count { offer(position) }
    }

    mutating func mergeAll() {
        while let entry = pop() {
            let position = Int(entry & 0xFFFF_FFFF)
            guard ranks[position] == UInt32(entry >> 32) else { continue }
            let absorbed = Int(next[position])
            tokens[position] = results[position]
            ranks[absorbed] = Self.none
            next[position] = next[absorbed]
            if next[absorbed] >= 0 { previous[Int(next[absorbed])] = Int32(position) }
            offer(position)
            if previous[position] >= 0 { offer(Int(previous[position])) }
        }
    }

    func append(to output: inout [Int32]) {
        var position = tokens.isEmpty ? -1 : 0
        while position >= 0 {
            output.append(tokens[position])
            position = Int(next[position])
        }
    }

    /// Looks up the pair that begins at `position`.
    private mutating func offer(_ position: Int) {
        ranks[position] = Self.none
        guard next[position] >= 0,
            let merge = merges[ByteLevelBPE.key(tokens[position], tokens[Int(next[position])])]
        else { return }
        ranks[position] = merge.rank
        results[position] = merge.result
        push(UInt64(merge.rank) << 32 | UInt64(position))
    }

    private mutating func push(_ entry: UInt64) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func pop() -> UInt64? {
        guard let least = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return least }
        var parent = 0
        heap[0] = last
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { return least }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < heap[parent] else { return least }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
