/// Puts a fixed text in the place of every match of a pattern.
struct ReplaceMatches: Normalizer {
    private let pattern: TextPattern
    private let content: [UInt8]

    init(_ field: TokenizerField) throws {
        pattern = try TextPattern(field["pattern"])
        content = try field["content"].bytes()
    }

    var growth: NormalizerGrowth {
        let literal = pattern.literal
        // An expression may match a single byte, or none.
        let shortest = max(literal?.count ?? 1, 1)
        return .replaces(
            factor: max((content.count + shortest - 1) / shortest, 1),
            reads: literal.map { Set($0) }, writes: Set(content))
    }

    func normalize(_ source: borrowing AlignedText, into output: inout AlignedText) {
        var copied = 0
        let text = source.bytes.elements
        var scratch = Run<Match>()
        pattern.matches(in: text, 0..<text.count, &scratch)
        for index in 0..<scratch.count {
            let match = scratch[index]
            output.append(source, copied..<Int(match.begin))
            // As inserted text it comes from what stood before it, the match's own last
            // character.
            let span =
                match.end > 0
                ? source.span(at: Int(match.end) - 1) : AlignedText.Span(begin: 0, end: 0)
            output.append(content, span)
            copied = Int(match.end)
        }
        output.append(source, copied..<source.count)
    }
}
