import JSON

/// Cuts at the matches of a pattern.
struct PatternSplit: PreTokenizer {
    private let pattern: TextPattern
    private let behavior: Cutting.Behavior
    private let isInverted: Bool
    /// Set where the pattern is a well-known one and every match is a word.
    private let shape: WordShape?

    init(_ field: TokenizerField) throws {
        pattern = try TextPattern(field["pattern"])
        behavior = try Cutting.Behavior(field["behavior"])
        isInverted = try field["invert"].bool(default: false)
        // These patterns match all of a text, so delimiters isolated or the rest removed are one.
        let keepsMatches = isInverted ? behavior == .removed : behavior == .isolated
        shape =
            keepsMatches
            ? field["pattern"]["Regex"].value.string.flatMap { WordShape(pattern: $0) } : nil
    }

    func split(_ cut: inout Cutting) {
        if let shape {
            return cut.replacePieces { text, piece, output in
                shape.words(in: text.bytes.elements, piece, &output)
            }
        }
        cut.cut(behavior, isInverted: isInverted) { text, range, matches in
            pattern.matches(in: text, range, &matches)
        }
    }
}
