/// The general category of every scalar as one version of Unicode had it, with the few other
/// properties that splitting asks for. Old versions matter: a vocabulary was made with the
/// Unicode of its library, and ids are equal only with the same.
struct Categories: @unchecked Sendable {  // because the tables are never written after init
    /// A set of general categories, by bit.
    struct Set: OptionSet, Sendable, Hashable {
        var rawValue: UInt32
    }

    /// Flags beside the category in a table's byte.
    static let whitespace: UInt8 = 0x20
    /// `\w` as UTS #18 has it: alphabetic, marks, decimal numbers, connectors, joiners.
    static let word: UInt8 = 0x40

    /// Oniguruma's and the regex crate's.
    static let unicode16 = Categories(version: (16, 0), changes: [(0x295, .ll)])
    /// The newest that this program knows.
    static let newest = Categories(version: (255, 0), changes: [])
    /// What BERT's normaliser and punctuation go by. The exceptions: Unicode changed its mind
    /// about these later.
    static let unicode8 = Categories(
        version: (8, 0),
        changes: [
            (0x166D, .po), (0x1734, .mn), (0x1885, .lo), (0x1886, .lo), (0xA9BD, .mc),
            (0x111C9, .po), (0x1171E, .mn),
        ])
    /// What StripAccents and the normalisation forms go by.
    static let unicode9 = Categories(
        version: (9, 0), changes: [(0x1CF2, .mc), (0x1CF3, .mc), (0x111C9, .po)])

    private static let pageBits: UInt32 = 8

    private let pages: UnsafeMutablePointer<UInt16>
    private let values: UnsafeMutablePointer<UInt8>

    /// Category and flags of `scalar`, which is below 0x110000.
    @inline(__always)
    func value(_ scalar: UInt32) -> UInt8 {
        let page = UInt32(pages[Int(scalar >> Self.pageBits)])
        return values[Int(page << Self.pageBits | scalar & 0xFF)]
    }

    @inline(__always)
    func set(_ scalar: UInt32) -> Set { Set(rawValue: 1 << UInt32(value(scalar) & 0x1F)) }

    @inline(__always)
    func isIn(_ set: Set, _ scalar: UInt32) -> Bool {
        set.rawValue >> UInt32(value(scalar) & 0x1F) & 1 != 0
    }

    private init(version: Unicode.Version, changes: [(UInt32, Set)]) {
        let pageSize = 1 << Self.pageBits
        pages = .allocate(capacity: 0x110000 >> Self.pageBits)
        var all: [[UInt8]] = []
        var known: [[UInt8]: Int] = [:]
        for page in 0..<(0x110000 >> Int(Self.pageBits)) {
            let first = UInt32(page * pageSize)
            // Planes 4 to 13 have nothing, 15 and 16 are for private use up to two scalars.
            let bytes =
                (0x40000..<0xE0000).contains(first)
                ? [UInt8](repeating: Self.index(.cn), count: pageSize)
                : (0..<UInt32(pageSize)).map { Self.compute(first + $0, version, changes) }
            if known[bytes] == nil {
                known[bytes] = all.count
                all.append(bytes)
            }
            pages[page] = UInt16(known[bytes] ?? 0)
        }
        values = .allocate(capacity: all.count * pageSize)
        for (page, bytes) in all.enumerated() {
            for (index, byte) in bytes.enumerated() { values[page * pageSize + index] = byte }
        }
    }

    private static func compute(
        _ value: UInt32, _ version: Unicode.Version, _ changes: [(UInt32, Set)]
    ) -> UInt8 {
        guard let scalar = Unicode.Scalar(value) else { return index(.cs) }
        let properties = scalar.properties
        var category = Set(properties.generalCategory)
        if let age = properties.age, age > version { category = .cn }
        if let change = changes.first(where: { $0.0 == value }) { category = change.1 }
        var byte = index(category)
        if properties.isWhitespace { byte |= whitespace }
        if category != .cn,
            properties.isAlphabetic || properties.isJoinControl
                || !category.isDisjoint(with: [.mn, .mc, .me, .nd, .pc])
        {
            byte |= word
        }
        return byte
    }

    private static func index(_ category: Set) -> UInt8 {
        UInt8(category.rawValue.trailingZeroBitCount)
    }
}
