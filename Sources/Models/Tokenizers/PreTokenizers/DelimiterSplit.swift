/// Cuts at one character and drops it.
struct DelimiterSplit: PreTokenizer {
    private let delimiter: UInt32

    init(_ field: TokenizerField) throws { delimiter = try field["delimiter"].scalar() }

    func split(_ cut: inout Cutting) {
        let delimiter = delimiter
        cut.cut(.removed) { $0 == delimiter }
    }
}
