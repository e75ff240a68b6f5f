/// Cuts number characters from other text: one by one, or a run of them together.
struct DigitSplit: PreTokenizer {
    private let individually: Bool

    init(_ field: TokenizerField) throws {
        individually = try field["individual_digits"].bool()
    }

    func split(_ cut: inout Cutting) {
        cut.cut(individually ? .isolated : .contiguous) {
            $0 < 0x80 ? $0 &- 0x30 < 10 : Categories.newest.isIn(.number, $0)
        }
    }
}
