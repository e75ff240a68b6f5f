/// The pre-tokenisers by the name that a tokenizer.json gives them.
enum PreTokenizers {
    private static let byType: [String: @Sendable (TokenizerField) throws -> any PreTokenizer] = [
        "ByteLevel": { try ByteLevelWords($0) },
        "BertPreTokenizer": { _ in BertWords() },
        "Whitespace": { _ in WordCharacters() },
        "WhitespaceSplit": { _ in SpaceSplit() },
        "Metaspace": { try Metaspace($0) },
        "Split": { try PatternSplit($0) },
        "Punctuation": { try PunctuationSplit($0) },
        "Digits": { try DigitSplit($0) },
        "CharDelimiterSplit": { try DelimiterSplit($0) },
        "FixedLength": { try FixedLength($0) },
    ]

    /// The steps that a description asks for; none when it is null.
    /// - Throws: `bad_model` for a step that is not supported, naming it.
    static func steps(_ field: TokenizerField) throws -> [any PreTokenizer] {
        if field.isNull { return [] }
        let type = try field.type()
        if type == "Sequence" {
            return try field["pretokenizers"].elements().flatMap { try steps($0) }
        }
        guard let make = byType[type] else { throw field.unsupported(type, byType.keys.sorted()) }
        return [try make(field)]
    }
}
