/// A set of scalars in a pattern: categories, white space, ranges, other sets, or the rest.
struct PatternClass: Sendable, Hashable {
    enum Item: Sendable, Hashable {
        case categories(Categories.Set)
        case whitespace
        /// `\w` as Oniguruma has it.
        case word
        case range(UInt32, UInt32)
        indirect case set(PatternClass)
    }

    var items: [Item] = []
    var isNegated = false
    /// `[a&&b]`: also in this one.
    var intersection: [PatternClass] = []

    func contains(_ scalar: UInt32) -> Bool {
        let found = items.contains { item in
            switch item {
            case .categories(let set): Categories.unicode16.isIn(set, scalar)
            case .whitespace: Categories.unicode16.value(scalar) & Categories.whitespace != 0
            case .word: Self.isWord(scalar)
            case .range(let low, let high): low <= scalar && scalar <= high
            case .set(let inner): inner.contains(scalar)
            }
        }
        return (found && intersection.allSatisfy { $0.contains(scalar) }) != isNegated
    }

    static let digit = PatternClass(items: [.categories(.nd)])
    static let space = PatternClass(items: [.whitespace])
    static let word = PatternClass(items: [.word])
    /// `.`: all but the line feed.
    static let any = PatternClass(items: [.range(0x0A, 0x0A)], isNegated: true)

    /// UTS #18's without the joiners, and with Latin-1's superscripts and fractions.
    private static func isWord(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0xB2, 0xB3, 0xB9, 0xBC...0xBE: true
        case 0x200C, 0x200D: false
        default: Categories.unicode16.value(scalar) & Categories.word != 0
        }
    }
}
