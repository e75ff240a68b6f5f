import JSON

/// A step that rewrites text before it is split.
protocol Normalizer: Sendable {
    /// Writes the normal form of `source` to `output`, which is empty and tracks as it does.
    func normalize(_ source: borrowing AlignedText, into output: inout AlignedText)
    /// True when `normalize` would copy `source` as it is; false when that is not known.
    func leaves(_ source: borrowing AlignedText) -> Bool
    var growth: NormalizerGrowth { get }
}

extension Normalizer {
    func leaves(_ source: borrowing AlignedText) -> Bool { false }
    var growth: NormalizerGrowth { .rewrites }
}

/// The normalisers by the name that a tokenizer.json gives them.
enum Normalizers {
    private static let byType: [String: @Sendable (TokenizerField) throws -> any Normalizer] = [
        "NFC": { _ in UnicodeForm.nfc },
        "NFD": { _ in UnicodeForm.nfd },
        "NFKC": { _ in UnicodeForm.nfkc },
        "NFKD": { _ in UnicodeForm.nfkd },
        "BertNormalizer": { try BertNormalizer($0) },
        "Lowercase": { _ in Lowercase() },
        "StripAccents": { _ in StripAccents() },
        "Strip": { try StripSpace($0) },
        "Replace": { try ReplaceMatches($0) },
        "Prepend": { try Prepend($0) },
        "Precompiled": { try PrecompiledCharacterMap($0) },
        "Nmt": { _ in NeuralTranslationCleaning() },
        "ByteLevel": { _ in ByteLevelAlphabet() },
    ]

    /// The steps that a description asks for; none when it is null.
    /// - Throws: `bad_model` for a step that is not supported, naming it.
    static func steps(_ field: TokenizerField) throws -> [any Normalizer] {
        if field.isNull { return [] }
        let type = try field.type()
        if type == "Sequence" {
            return try field["normalizers"].elements().flatMap { try steps($0) }
        }
        guard let make = byType[type] else { throw field.unsupported(type, byType.keys.sorted()) }
        return [try make(field)]
    }
}
