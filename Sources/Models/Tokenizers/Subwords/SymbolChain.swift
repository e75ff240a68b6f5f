/// The symbols of one word while pairs of them merge: lowest rank first, among equals the
/// leftmost. Short words shift arrays; long ones are linked lists with a heap, O(n log n).
struct SymbolChain: ~Copyable {
    private static let none = UInt32.max
    private static let shortMax = 40

    private var ids = Run<Int32>()
    /// Bytes of each symbol; -1 for those that merged into another.
    private var lengths = Run<Int32>()
    /// Rank and result of merging symbol i with its successor.
    private var ranks = Run<UInt32>()
    private var results = Run<Int32>()
    private var next = Run<Int32>()
    private var previous = Run<Int32>()
    /// Binary min-heap of rank << 32 | position. Entries whose rank is no longer their
    /// position's are stale and skipped.
    private var heap = Run<UInt64>()

    mutating func removeAll() {
        ids.removeAll()
        lengths.removeAll()
    }

    var count: Int { ids.count }

    @inline(__always)
    mutating func append(_ id: Int32, length: Int) {
        ids.append(id)
        lengths.append(Int32(length))
    }

    @inline(__always)
    mutating func mergeAll(_ merges: borrowing PairTable) {
        if ids.count <= Self.shortMax {
            mergeShort(merges)
        } else {
            mergeLong(merges)
        }
    }

    /// Appends the symbols as tokens that begin at `offset`.
    @inline(__always)
    func append(to tokens: inout Run<Token>, at offset: UInt32) {
        var begin = offset
        for index in 0..<ids.count where lengths[index] >= 0 {
            let end = begin + UInt32(lengths[index])
            tokens.append(Token(id: ids[index], begin: begin, end: end))
            begin = end
        }
    }

    // MARK: Short words

    @inline(__always)
    private mutating func look(_ index: Int, _ merges: borrowing PairTable) {
        if let merge = merges.merge(ids[index], ids[index + 1]) {
            ranks[index] = merge.rank
            results[index] = merge.result
        } else {
            ranks[index] = Self.none
        }
    }

    private mutating func mergeShort(_ merges: borrowing PairTable) {
        var count = ids.count
        guard count > 1 else { return }
        ranks.resize(count)
        results.resize(count)
        for index in 0..<count - 1 { look(index, merges) }
        while count > 1 {
            var best = 0
            var rank = ranks[0]
            var index = 1
            while index < count - 1 {
                if ranks[index] < rank {
                    rank = ranks[index]
                    best = index
                }
                index &+= 1
            }
            guard rank != Self.none else { break }
            ids[best] = results[best]
            lengths[best] += lengths[best + 1]
            count -= 1
            index = best + 1
            while index < count {
                ids[index] = ids[index + 1]
                lengths[index] = lengths[index + 1]
                ranks[index] = ranks[index + 1]
                results[index] = results[index + 1]
                index &+= 1
            }
            if best < count - 1 { look(best, merges) }
            if best > 0 { look(best - 1, merges) }
        }
        ids.resize(count)
        lengths.resize(count)
    }

    // MARK: Long words

    private mutating func mergeLong(_ merges: borrowing PairTable) {
        let count = ids.count
        ranks.resize(count)
        results.resize(count)
        next.resize(count)
        previous.resize(count)
        heap.removeAll()
        for index in 0..<count {
            next[index] = index + 1 < count ? Int32(index + 1) : -1
            previous[index] = Int32(index - 1)
        }
        for index in 0..<count { offer(index, merges) }
        while let entry = pop() {
            let position = Int(entry & 0xFFFF_FFFF)
            guard ranks[position] == UInt32(entry >> 32) else { continue }
            let absorbed = Int(next[position])
            ids[position] = results[position]
            lengths[position] += lengths[absorbed]
            lengths[absorbed] = -1
            ranks[absorbed] = Self.none
            next[position] = next[absorbed]
            if next[absorbed] >= 0 { previous[Int(next[absorbed])] = Int32(position) }
            offer(position, merges)
            if previous[position] >= 0 { offer(Int(previous[position]), merges) }
        }
    }

    /// Looks up the pair that begins at `position`.
    private mutating func offer(_ position: Int, _ merges: borrowing PairTable) {
        ranks[position] = Self.none
        guard next[position] >= 0,
            let merge = merges.merge(ids[position], ids[Int(next[position])])
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
            guard entry < heap[parent] else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = entry
    }

    private mutating func pop() -> UInt64? {
        guard heap.count > 0 else { return nil }
        let least = heap[0]
        let last = heap[heap.count - 1]
        heap.resize(heap.count - 1)
        guard heap.count > 0 else { return least }
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < last else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = last
        return least
    }
}
