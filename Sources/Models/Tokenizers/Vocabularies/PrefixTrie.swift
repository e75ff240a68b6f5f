/// All tokens by their prefixes, as a double array (Aoe 1989): one addition and one comparison a
/// byte.
struct PrefixTrie: Sendable {
    private struct Unit: BitwiseCopyable {
        /// Where the children begin: child of byte b is at `base + b`.
        var base: Int32
        /// The parent; -1 while the unit is free.
        var parent: Int32
        /// The token that ends here; -1 for none.
        var token: Int32
    }

    private var units: [Unit] = []
    /// No unit before this one is free, or nearly so.
    private var firstFree = 1

    static let root: Int32 = 0

    /// - Parameter tokens: bytes and number; of equal bytes the last wins. Empty ones are left out.
    init(_ tokens: [(bytes: ArraySlice<UInt8>, token: Int32)]) {
        let sorted = tokens.enumerated()
            .filter { !$0.element.bytes.isEmpty }
            .sorted {
                if $0.element.bytes.elementsEqual($1.element.bytes) { return $0.offset < $1.offset }
                return $0.element.bytes.lexicographicallyPrecedes($1.element.bytes)
            }
            .map(\.element)
        reserve(512)
        units[0].parent = 0
        // Breadth first, so that the nodes most used lie together.
        var level = [(node: Int32(0), range: 0..<sorted.count)]
        var depth = 0
        while !level.isEmpty {
            var next: [(node: Int32, range: Range<Int>)] = []
            for (node, range) in level {
                addChildren(of: node, sorted, range, depth, &next)
            }
            level = next
            depth += 1
        }
    }

    /// The child of `node` by `byte`; -1 when there is none.
    @inline(__always)
    func child(_ node: Int32, _ byte: UInt8) -> Int32 {
        units.withUnsafeBufferPointer { units in
            let at = Int(units[Int(node)].base) + Int(byte)
            // A leaf's base is 0, whose unit's parent is another.
            return at < units.count && units[at].parent == node && at != 0 ? Int32(at) : -1
        }
    }

    /// The token that ends at `node`; -1 for none.
    @inline(__always)
    func token(_ node: Int32) -> Int32 {
        units.withUnsafeBufferPointer { $0[Int(node)].token }
    }

    /// The node after `bytes`; -1 when no token begins so.
    func node(after bytes: some Sequence<UInt8>) -> Int32 {
        var node = Self.root
        for byte in bytes {
            node = child(node, byte)
            if node < 0 { break }
        }
        return node
    }

    // MARK: Building

    private mutating func addChildren(
        of node: Int32, _ sorted: [(bytes: ArraySlice<UInt8>, token: Int32)],
        _ range: Range<Int>, _ depth: Int, _ next: inout [(node: Int32, range: Range<Int>)]
    ) {
        var groups: [(byte: UInt8, range: Range<Int>)] = []
        var index = range.lowerBound
        while index < range.upperBound {
            let bytes = sorted[index].bytes
            guard bytes.count > depth else {
                units[Int(node)].token = sorted[index].token
                index += 1
                continue
            }
            let byte = bytes[bytes.startIndex + depth]
            let begin = index
            while index < range.upperBound,
                sorted[index].bytes[sorted[index].bytes.startIndex + depth] == byte
            { index += 1 }
            groups.append((byte, begin..<index))
        }
        guard let first = groups.first?.byte, let last = groups.last?.byte else { return }
        let base = freeBase(groups.map(\.byte), first)
        reserve(base + Int(last) + 1)
        units[Int(node)].base = Int32(base)
        for group in groups {
            let child = base + Int(group.byte)
            units[child].parent = node
            next.append((Int32(child), group.range))
        }
        while firstFree < units.count, units[firstFree].parent >= 0 { firstFree += 1 }
    }

    /// The first base for which all children's units are free.
    private mutating func freeBase(_ bytes: [UInt8], _ first: UInt8) -> Int {
        var at = max(firstFree, Int(first) + 1)
        var tried = 0
        while true {
            reserve(at + 256)
            let base = at - Int(first)
            if bytes.allSatisfy({ units[base + Int($0)].parent < 0 }) { break }
            at += 1
            tried += 1
        }
        // Where much is taken, searching again from the start costs more than the gaps are worth.
        if tried > 512 { firstFree = max(firstFree, at - 256) }
        return at - Int(first)
    }

    private mutating func reserve(_ count: Int) {
        while units.count < count + 256 {
            units.append(Unit(base: 0, parent: -1, token: -1))
        }
    }
}
