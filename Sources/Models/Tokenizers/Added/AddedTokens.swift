/// The added tokens of a vocabulary and the search for them: leftmost first, of those the
/// longest; linear in the text times the longest added token.
struct AddedTokens: Sendable {
    /// An added token that was found, by its place in `list`, with the white space it takes.
    struct Found: BitwiseCopyable {
        var begin: UInt32
        var end: UInt32
        var index: Int32
        /// Without that white space.
        var core: Match
    }

    /// A set that is sought together.
    struct Set: Sendable {
        fileprivate var trie: PrefixTrie
        fileprivate var firstBytes = [Bool](repeating: false, count: 256)
        /// Whether one of them is special, so that it matters who wrote the text.
        fileprivate(set) var hasSpecial = false

        fileprivate init?(_ tokens: [(text: [UInt8], index: Int32)], _ list: [AddedToken]) {
            let tokens = tokens.filter { !$0.text.isEmpty }
            guard !tokens.isEmpty else { return nil }
            trie = PrefixTrie(tokens.map { ($0.text[...], $0.index) })
            for token in tokens {
                firstBytes[Int(token.text[0])] = true
                if list[Int(token.index)].isSpecial { hasSpecial = true }
            }
        }
    }

    let list: [AddedToken]
    let specialIDs: Swift.Set<Int32>
    /// What tokens that are sought in normalised text look like there, where that differs.
    let normalForms: [Int32: [UInt8]]
    /// Sought in the text as it is.
    let raw: Set?
    /// Sought in the normalised text.
    let normalized: Set?

    /// - Parameter normalize: the normal form of a token's text.
    init(_ list: [AddedToken], normalize: ([UInt8]) -> [UInt8]) {
        self.list = list
        specialIDs = Swift.Set(list.filter(\.isSpecial).map(\.id))
        var parts:
            (raw: [(text: [UInt8], index: Int32)], normalized: [(text: [UInt8], index: Int32)]) =
                ([], [])
        var forms: [Int32: [UInt8]] = [:]
        for (index, token) in list.enumerated() {
            if token.isNormalized {
                let form = normalize(token.text)
                if form != token.text { forms[token.id] = form }
                parts.normalized.append((form, Int32(index)))
            } else {
                parts.raw.append((token.text, Int32(index)))
            }
        }
        normalForms = forms
        raw = Set(parts.raw, list)
        normalized = Set(parts.normalized, list)
    }

    /// Appends what `set` finds in `text`.
    /// - Parameter allows: whether a special token may be taken from this range of the text.
    func find(
        _ set: Set, in text: UnsafeBufferPointer<UInt8>, allows: (Range<Int>) -> Bool,
        _ output: inout Run<Found>
    ) {
        guard let base = text.baseAddress else { return }
        var free = 0
        var position = 0
        set.firstBytes.withUnsafeBufferPointer { firstBytes in
            while position < text.count {
                guard firstBytes[Int(base[position])],
                    let (index, end) = longest(set, base, position, text.count, allows)
                else {
                    position &+= 1
                    continue
                }
                let token = list[Int(index)]
                if token.isSingleWord, !isAlone(position..<end, base, text.count) {
                    position = end
                    continue
                }
                let core = Match(begin: UInt32(position), end: UInt32(end))
                var found = Found(begin: core.begin, end: core.end, index: index, core: core)
                if token.stripsLeft {
                    found.begin = UInt32(max(free, spaceBegin(before: position, base)))
                }
                if token.stripsRight { found.end = UInt32(spaceEnd(after: end, base, text.count)) }
                output.append(found)
                free = Int(found.end)
                // White space taken on the right may hold no further token.
                position = max(end, free)
            }
        }
    }

    private func longest(
        _ set: Set, _ text: UnsafePointer<UInt8>, _ begin: Int, _ count: Int,
        _ allows: (Range<Int>) -> Bool
    ) -> (index: Int32, end: Int)? {
        var node = PrefixTrie.root
        var position = begin
        var best: (Int32, Int)?
        while position < count {
            node = set.trie.child(node, text[position])
            guard node >= 0 else { break }
            position += 1
            let index = set.trie.token(node)
            if index >= 0, !list[Int(index)].isSpecial || allows(begin..<position) {
                best = (index, position)
            }
        }
        return best
    }

    private func isAlone(_ range: Range<Int>, _ text: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        if range.lowerBound > 0 {
            let before = Scalars.start(before: range.lowerBound, in: text)
            if Self.has(Categories.word, Scalars.decode(text + before).scalar) { return false }
        }
        return range.upperBound == count
            || !Self.has(Categories.word, Scalars.decode(text + range.upperBound).scalar)
    }

    private func spaceBegin(before position: Int, _ text: UnsafePointer<UInt8>) -> Int {
        var begin = position
        while begin > 0 {
            let before = Scalars.start(before: begin, in: text)
            guard Self.has(Categories.whitespace, Scalars.decode(text + before).scalar) else {
                break
            }
            begin = before
        }
        return begin
    }

    private func spaceEnd(after position: Int, _ text: UnsafePointer<UInt8>, _ count: Int) -> Int {
        var end = position
        while end < count {
            let (scalar, length) = Scalars.decode(text + end)
            guard Self.has(Categories.whitespace, scalar) else { break }
            end += length
        }
        return end
    }

    private static func has(_ flag: UInt8, _ scalar: UInt32) -> Bool {
        Categories.unicode16.value(scalar) & flag != 0
    }
}
