/// A pattern's class as tables: one for ASCII; one by category, where the set goes by category
/// beyond ASCII, which most do.
struct CompiledClass: Sendable {
    private let set: PatternClass
    /// Entries 0 to 127: ASCII characters; 128 to 255: values of `Categories`.
    private let table: [Bool]
    private let goesByCategory: Bool

    init(_ set: PatternClass) {
        self.set = set
        goesByCategory = set.goesByCategory
        var table = [Bool](repeating: false, count: 256)
        for scalar in UInt32(0)..<128 { table[Int(scalar)] = set.contains(scalar) }
        if goesByCategory {
            for value in 0..<128 { table[128 + value] = set.contains(value: UInt8(value)) }
        }
        self.table = table
    }

    @inline(__always)
    func contains(_ scalar: UInt32) -> Bool {
        table.withUnsafeBufferPointer { table in
            if scalar < 0x80 { return table[Int(scalar)] }
            if goesByCategory {
                return table[128 + Int(Categories.unicode16.value(scalar) & 0x7F)]
            }
            return set.contains(scalar)
        }
    }
}

extension PatternClass {
    /// Whether, beyond ASCII, category and white space alone decide.
    fileprivate var goesByCategory: Bool {
        items.allSatisfy { item in
            switch item {
            case .categories, .whitespace: true
            case .word: false
            case .range(_, let high): high < 0x80
            case .set(let inner): inner.goesByCategory
            }
        } && intersection.allSatisfy(\.goesByCategory)
    }

    /// Membership beyond ASCII by a value of `Categories`.
    fileprivate func contains(value: UInt8) -> Bool {
        let found = items.contains { item in
            switch item {
            case .categories(let set): set.rawValue >> UInt32(value & 0x1F) & 1 != 0
            case .whitespace: value & Categories.whitespace != 0
            case .range, .word: false
            case .set(let inner): inner.contains(value: value)
            }
        }
        return (found && intersection.allSatisfy { $0.contains(value: value) }) != isNegated
    }
}
