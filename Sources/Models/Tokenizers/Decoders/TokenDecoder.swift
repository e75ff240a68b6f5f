/// A step from the texts of tokens back to what they say.
protocol TokenDecoder: Sendable {
    func decode(_ tokens: [[UInt8]]) -> [[UInt8]]
    /// The bytes of a token that stands inside a text, as far as they do not depend on others.
    func bytes(inside token: [UInt8]) -> [UInt8]
}

/// The decoders by the name that a tokenizer.json gives them.
enum TokenDecoders {
    private static let byType: [String: @Sendable (TokenizerField) throws -> any TokenDecoder] = [
        "ByteLevel": { _ in ByteAlphabetDecoder() },
        "WordPiece": { try WordPieceDecoder($0) },
        "Metaspace": { try MetaspaceDecoder($0) },
        "BPEDecoder": { try SuffixDecoder($0) },
        "ByteFallback": { _ in ByteTokenDecoder() },
        "Fuse": { _ in Fuse() },
        "Strip": { try StripDecoder($0) },
        "Replace": { try ReplaceDecoder($0) },
    ]

    /// The steps that a description asks for; none when it is null.
    /// - Throws: `bad_model` for a step that is not supported, naming it.
    static func steps(_ field: TokenizerField) throws -> [any TokenDecoder] {
        if field.isNull { return [] }
        let type = try field.type()
        if type == "Sequence" {
            return try field["decoders"].elements().flatMap { try steps($0) }
        }
        guard let make = byType[type] else { throw field.unsupported(type, byType.keys.sorted()) }
        return [try make(field)]
    }
}
