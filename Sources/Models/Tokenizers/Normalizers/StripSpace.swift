/// Drops white space at the ends.
struct StripSpace: Normalizer {
    let left: Bool
    let right: Bool

    init(_ field: TokenizerField) throws {
        left = try field["strip_left"].bool()
        right = try field["strip_right"].bool()
    }

    func normalize(_ source: borrowing AlignedText, into output: inout AlignedText) {
        var begin = 0
        var end = source.count
        while left, begin < end {
            let (scalar, length) = Scalars.decode(source.bytes.base + begin)
            guard Self.isSpace(scalar) else { break }
            begin += length
        }
        while right, begin < end {
            let start = Scalars.start(before: end, in: source.bytes.base)
            guard Self.isSpace(Scalars.decode(source.bytes.base + start).scalar) else { break }
            end = start
        }
        output.append(source, begin..<end)
    }

    private static func isSpace(_ scalar: UInt32) -> Bool {
        Categories.newest.value(scalar) & Categories.whitespace != 0
    }
}
