import JSON

/// A token that is found in the text before the model sees it.
struct AddedToken: Sendable, Equatable {
    var text: [UInt8]
    var id: Int32
    /// Only between characters that belong to no word.
    var isSingleWord = false
    /// Takes the white space on that side with it.
    var stripsLeft = false
    var stripsRight = false
    /// Sought in the normalised text, by its own normal form.
    var isNormalized = false
    /// Marks structure (`[SEP]`, `<|im_end|>`): not part of what text says.
    var isSpecial = true

    init(_ text: [UInt8], id: Int32) {
        self.text = text
        self.id = id
    }

    init(_ field: TokenizerField) throws {
        text = try field["content"].bytes()
        id = Int32(try field["id"].integer(in: 0...Vocabulary.tokensMax))
        isSingleWord = try field["single_word"].bool(default: false)
        stripsLeft = try field["lstrip"].bool(default: false)
        stripsRight = try field["rstrip"].bool(default: false)
        isSpecial = try field["special"].bool(default: false)
        isNormalized = try field["normalized"].bool(default: !isSpecial)
        guard text.count <= Vocabulary.tokenBytesMax else {
            throw field["content"].wrong("at most \(Vocabulary.tokenBytesMax) bytes long")
        }
    }

    var description: JSON {
        [
            "id": .integer(Int64(id)), "content": .string(String(decoding: text, as: UTF8.self)),
            "single_word": .bool(isSingleWord), "lstrip": .bool(stripsLeft),
            "rstrip": .bool(stripsRight), "normalized": .bool(isNormalized),
            "special": .bool(isSpecial),
        ]
    }
}
