/// SentencePiece's own normaliser (Kudo and Richardson 2018): the longest entry of its character
/// map at each place, one space for many and none at the ends, spaces made visible, one more
/// before the text.
struct SentencePieceNormalizer: Normalizer {
    private let map: CharacterMap?
    private let kept: PrefixTrie?
    private let addsPrefix: Bool
    private let removesExtraSpaces: Bool

    private static let space = Array("▁".utf8)

    init(_ model: SentencePieces) throws {
        map = model.characterMap.isEmpty ? nil : try CharacterMap(model.characterMap)
        addsPrefix = model.addsPrefix
        removesExtraSpaces = model.removesExtraSpaces
        let symbols = model.pieces.enumerated().filter { $1.type == .userDefined }
        kept =
            symbols.isEmpty
            ? nil : PrefixTrie(symbols.map { ($0.element.text[...], Int32($0.offset)) })
    }

    /// Of visible spaces too, which are three bytes for one.
    var growth: NormalizerGrowth {
        .replaces(factor: max(3 * (map?.replacementMax ?? 1), 3), reads: nil, writes: Set(0...255))
    }

    func normalize(_ source: borrowing AlignedText, into output: inout AlignedText) {
        var wasSpace = removesExtraSpaces
        var hasBegun = false
        var position = 0
        while position < source.count {
            let span = source.span(at: position)
            let begin = position
            let replacement = next(source, &position)
            let text = source.bytes.elements
            let part =
                replacement.map { range in
                    map.map { Array($0.pool[range]) } ?? []
                } ?? Array(text[begin..<position])
            for byte in part {
                if byte == 0x20 {
                    if wasSpace { continue }
                    open(&hasBegun, span, &output)
                    output.append(Self.space, span)
                } else {
                    open(&hasBegun, span, &output)
                    output.append(byte: byte, span)
                }
                if removesExtraSpaces { wasSpace = byte == 0x20 }
            }
        }
        if removesExtraSpaces { dropSpaces(at: &output) }
    }

    /// Visible spaces at the end go, the text's own too.
    private func dropSpaces(at output: inout AlignedText) {
        let length = Self.space.count
        while output.count >= length,
            output.bytes.elements[(output.count - length)...].elementsEqual(Self.space)
        {
            output.truncate(output.count - length)
        }
    }

    private func open(
        _ hasBegun: inout Bool, _ span: AlignedText.Span, _ output: inout AlignedText
    ) {
        guard !hasBegun else { return }
        hasBegun = true
        if addsPrefix { output.append(Self.space, span) }
    }

    /// Moves `position` over what is replaced as one.
    /// - Returns: the replacement in the map's pool; nil where the text stays.
    private func next(_ source: borrowing AlignedText, _ position: inout Int) -> Range<Int>? {
        let text = source.bytes.base
        if let end = keptEnd(source, position) {
            position = end
            return nil
        }
        if let map, map.startsEntry(text[position]),
            let (end, replacement) = map.longest(text, position..<source.count)
        {
            position = end
            return replacement
        }
        position += Scalars.length(text[position])
        return nil
    }

    /// The end of the longest piece of the user's at `position`.
    private func keptEnd(_ source: borrowing AlignedText, _ position: Int) -> Int? {
        guard let kept else { return nil }
        var node = PrefixTrie.root
        var end: Int?
        for at in position..<source.count {
            node = kept.child(node, source.bytes[at])
            guard node >= 0 else { break }
            if kept.token(node) >= 0 { end = at + 1 }
        }
        return end
    }
}
