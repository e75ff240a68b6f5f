/// Leaves white space out of the offsets of byte-level tokens.
struct OffsetTrimming: PostProcessor {
    private let trims: Bool
    private let addsPrefixSpace: Bool

    init(addsPrefixSpace: Bool) {
        trims = true
        self.addsPrefixSpace = addsPrefixSpace
    }

    init(_ field: TokenizerField) throws {
        trims = try field["trim_offsets"].bool(default: true)
        addsPrefixSpace = try field["add_prefix_space"].bool(default: true)
    }

    var trimming: OffsetTrimming? { trims ? self : nil }

    /// Done while the text is at hand: see `trim`.
    func process(_ parts: [Encoding], addsSpecial: Bool) -> [Encoding] { parts }

    func addedCount(isPair: Bool) -> Int { 0 }

    /// - Parameter text: what the offsets are of.
    func trim(
        _ encoding: inout Encoding, _ text: UnsafeBufferPointer<UInt8>, _ vocabulary: Vocabulary
    ) {
        for index in encoding.offsets.indices {
            let token = vocabulary.text(of: encoding.ids[index]) ?? []
            // Most tokens begin and end with what can be part of no space.
            guard !Self.isSolid(token.first) || !Self.isSolid(token.last) else { continue }
            encoding.offsets[index] = trimmed(
                encoding.offsets[index], token, text, isFirst: index == 0)
        }
    }

    /// Printable ASCII.
    private static func isSolid(_ byte: UInt8?) -> Bool {
        byte.map { $0 > 0x20 && $0 < 0x7F } ?? true
    }

    private func trimmed(
        _ offsets: Range<Int>, _ token: ArraySlice<UInt8>, _ text: UnsafeBufferPointer<UInt8>,
        isFirst: Bool
    ) -> Range<Int> {
        let scalars = Array(String(decoding: token, as: UTF8.self).unicodeScalars)
        // The byte alphabet's space.
        let isSpace = { (scalar: Unicode.Scalar) in
            scalar.value == 0x120 || scalar.properties.isWhitespace
        }
        var leading = scalars.prefix(while: isSpace).count
        let trailing = scalars.reversed().prefix(while: isSpace).count
        // A single space at the start is the one that was put there.
        if isFirst || offsets.lowerBound == 0, addsPrefixSpace, leading == 1 { leading = 0 }
        var begin = offsets.lowerBound
        for _ in 0..<leading where begin < offsets.upperBound {
            begin = min(begin + Scalars.length(text[begin]), offsets.upperBound)
        }
        var end = offsets.upperBound
        guard let base = text.baseAddress else { return begin..<max(begin, end) }
        for _ in 0..<trailing where end > begin { end = Scalars.start(before: end, in: base) }
        return begin..<max(begin, end)
    }
}
