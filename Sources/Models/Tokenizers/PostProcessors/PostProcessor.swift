/// A step that puts the template's tokens around the texts.
protocol PostProcessor: Sendable {
    /// - Parameter parts: the texts, or what an earlier step made of them.
    func process(_ parts: [Encoding], addsSpecial: Bool) -> [Encoding]
    /// How many tokens the step adds to one text or to a pair.
    func addedCount(isPair: Bool) -> Int
    /// The tokens that the step may add.
    var tokens: [Int32] { get }
    /// How the step leaves white space out of offsets, if it does.
    var trimming: OffsetTrimming? { get }
}

extension PostProcessor {
    var trimming: OffsetTrimming? { nil }
    var tokens: [Int32] { [] }
}

/// The post-processors by the name that a tokenizer.json gives them.
enum PostProcessors {
    private static let byType: [String: @Sendable (TokenizerField) throws -> any PostProcessor] = [
        "TemplateProcessing": { try TemplateProcessing($0) },
        "BertProcessing": { try PairMarkers($0, isBERT: true) },
        "RobertaProcessing": { try PairMarkers($0, isBERT: false) },
        "ByteLevel": { try OffsetTrimming($0) },
    ]

    /// The steps that a description asks for; none when it is null.
    /// - Throws: `bad_model` for a step that is not supported, naming it.
    static func steps(_ field: TokenizerField) throws -> [any PostProcessor] {
        if field.isNull { return [] }
        let type = try field.type()
        if type == "Sequence" {
            return try field["processors"].elements().flatMap { try steps($0) }
        }
        guard let make = byType[type] else { throw field.unsupported(type, byType.keys.sorted()) }
        return [try make(field)]
    }
}

extension Encoding {
    /// Tokens of a template.
    static func special(_ ids: [Int32], type: Int32) -> Encoding {
        var encoding = Encoding()
        encoding.ids = ids
        encoding.typeIDs = ids.map { _ in type }
        encoding.offsets = ids.map { _ in 0..<0 }
        encoding.isSpecial = ids.map { _ in true }
        return encoding
    }

    func withType(_ type: Int32) -> Encoding {
        var encoding = self
        encoding.typeIDs = ids.map { _ in type }
        return encoding
    }
}
