/// The character map that SentencePiece compiles into a model: a size, a darts-clone double array
/// of that many bytes, and a pool of NUL-terminated UTF-8.
struct CharacterMap: Sendable {
    static let bytesMax = 1 << 26

    private let units: [UInt32]
    let pool: [UInt8]
    /// Bytes of the longest replacement.
    let replacementMax: Int
    /// As it stands in the file.
    let blob: [UInt8]
    private var firstBytes = [Bool](repeating: false, count: 256)

    /// - Throws: `bad_model` for a map that does not fit together; every look-up in one that was
    ///   accepted stays inside it.
    init(_ blob: [UInt8]) throws {
        guard blob.count <= Self.bytesMax else {
            throw Self.bad("it has \(blob.count) bytes, at most \(Self.bytesMax) are allowed")
        }
        func word(_ at: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(blob[at + $1]) << (8 * UInt32($1)) }
        }
        guard blob.count >= 4, case let size = Int(word(0)), size % 4 == 0, size > 0,
            size <= blob.count - 4
        else { throw Self.bad("its index does not fit into its \(blob.count) bytes") }
        units = stride(from: 4, to: 4 + size, by: 4).map { word($0) }
        pool = Array(blob[(4 + size)...])
        guard pool.isEmpty || pool.last == 0 else {
            throw Self.bad("its last replacement has no end")
        }
        guard String(validating: pool, as: UTF8.self) != nil else {
            throw Self.bad("its replacements are not UTF-8")
        }
        replacementMax = pool.split(separator: 0).map(\.count).max() ?? 0
        self.blob = blob
        for byte in 1..<256 {
            let node = Self.offset(units[0]) ^ byte
            firstBytes[byte] = node < units.count && units[node] & 0x8000_00FF == UInt32(byte)
        }
    }

    /// Whether some entry begins with `byte`.
    func startsEntry(_ byte: UInt8) -> Bool { firstBytes[Int(byte)] }

    /// The replacement, as a range of the pool, of the shortest prefix of `range` that has one.
    func shortest(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> Range<Int>? {
        search(text, range) { _ in true }
    }

    /// The longest prefix that has a replacement: its end and the range of the pool.
    func longest(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> (Int, Range<Int>)? {
        var end = 0
        let found = search(text, range) {
            end = $0
            return false
        }
        return found.map { (end, $0) }
    }

    /// Visits prefixes by length until `isEnough` says so; the last one visited is the result.
    private func search(
        _ text: UnsafePointer<UInt8>, _ range: Range<Int>, isEnough: (Int) -> Bool
    ) -> Range<Int>? {
        var found: Int?
        units.withUnsafeBufferPointer { units in
            var node = Self.offset(units[0])
            var position = range.lowerBound
            while position < range.upperBound, text[position] != 0 {
                let byte = text[position]
                node ^= Int(byte)
                guard node < units.count, case let unit = units[node],
                    unit & 0x8000_00FF == UInt32(byte)
                else { return }
                node ^= Self.offset(unit)
                position += 1
                if unit >> 8 & 1 == 1, node < units.count {
                    found = Int(units[node] & 0x7FFF_FFFF)
                    if isEnough(position) { return }
                }
            }
        }
        guard let begin = found, begin < pool.count else { return nil }
        // The pool ends with a NUL, so this stops.
        var end = begin
        while pool[end] != 0 { end += 1 }
        // A value that points into the middle of a character is no value.
        return pool[begin] & 0xC0 == 0x80 ? nil : begin..<end
    }

    private static func offset(_ unit: UInt32) -> Int {
        Int((unit >> 10) << ((unit & 0x200) >> 6))
    }

    private static func bad(_ reason: String) -> ModelError {
        ModelError.badModel("tokenizer: the precompiled character map is damaged: \(reason)")
    }
}
