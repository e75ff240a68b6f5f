/// Cuts at punctuation characters.
struct PunctuationSplit: PreTokenizer {
    private let behavior: Cutting.Behavior

    init(_ field: TokenizerField) throws {
        behavior = field["behavior"].isNull ? .isolated : try Cutting.Behavior(field["behavior"])
    }

    func split(_ cut: inout Cutting) { cut.cut(behavior) { Punctuation.contains($0) } }
}

extension Cutting.Behavior {
    init(_ field: TokenizerField) throws {
        let name = try field.string()
        guard let behavior = Self(rawValue: name) else {
            throw field.unsupported(
                name,
                ["Contiguous", "Isolated", "MergedWithNext", "MergedWithPrevious", "Removed"])
        }
        self = behavior
    }
}
