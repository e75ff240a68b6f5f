// Compiles a character map: a darts-clone double array, where the child of a node by a byte stands
// at the node's base XOR that byte.

extension CharacterMap {
    /// A map of distinct texts, none of them empty, which all become `replacement`.
    static func blob(replacing texts: [[UInt8]], with replacement: [UInt8]) -> [UInt8] {
        var array = DoubleArray()
        array.place(texts[...], depth: 0, at: 0)
        var blob: [UInt8] = []
        func append(_ word: UInt32) { withUnsafeBytes(of: word.littleEndian) { blob += $0 } }
        append(UInt32(4 * array.units.count))
        for unit in array.units { append(unit ?? 0) }
        return blob + replacement + [0]
    }
}

private struct DoubleArray {
    /// The root is the first; free ones are nil.
    private(set) var units: [UInt32?] = [0] + [UInt32?](repeating: nil, count: 255)
    /// No two nodes have one, since a child does not say whose it is.
    private var bases: Set<Int> = []

    /// Gives the node at `node`, which all `texts` lead to, its children.
    mutating func place(_ texts: ArraySlice<[UInt8]>, depth: Int, at node: Int) {
        let ends = texts.contains { $0.count == depth }
        let children = Dictionary(grouping: texts.filter { $0.count > depth }) { $0[depth] }
        let labels = (ends ? [0] : []) + children.keys.map(Int.init)
        var base = 0
        while bases.contains(base) || labels.contains(where: { units[base ^ $0] != nil }) {
            base += 1
            if base | 0xFF >= units.count { units += [UInt32?](repeating: nil, count: 256) }
        }
        bases.insert(base)
        let label = units[node].map { $0 & 0xFF } ?? 0
        units[node] = UInt32(base ^ node) << 10 | (ends ? 1 << 8 : 0) | label
        // The replacement begins where the pool does.
        if ends { units[base] = 1 << 31 }
        for byte in children.keys { units[base ^ Int(byte)] = UInt32(byte) }
        for (byte, group) in children.sorted(by: { $0.key < $1.key }) {
            place(group[...], depth: depth + 1, at: base ^ Int(byte))
        }
    }
}
