/// One or two texts as a model takes them. All arrays have one length, save `offsets`, which is
/// empty where it was not asked for.
package struct Encoding: Sendable, Equatable {
    package var ids: [Int32] = []
    /// Which of the two texts a token belongs to (BERT's `token_type_ids`).
    package var typeIDs: [Int32] = []
    /// The bytes of the token's own text, UTF-8; `0..<0` for tokens of the template.
    package var offsets: [Range<Int>] = []
    /// Tokens of the template: `[CLS]`, `</s>`.
    package var isSpecial: [Bool] = []

    package init() {}

    static func + (a: Encoding, b: Encoding) -> Encoding {
        var sum = a
        sum.ids += b.ids
        sum.typeIDs += b.typeIDs
        sum.offsets += b.offsets
        sum.isSpecial += b.isSpecial
        return sum
    }

    mutating func truncate(to count: Int) {
        ids.removeLast(max(0, ids.count - count))
        typeIDs.removeLast(max(0, typeIDs.count - count))
        offsets.removeLast(max(0, offsets.count - count))
        isSpecial.removeLast(max(0, isSpecial.count - count))
    }
}

/// What an encoding is to be like.
package struct EncodeOptions: Sendable {
    /// The template's tokens around the texts.
    package var addsSpecial = true
    /// Special tokens written in the texts are special. For text that nobody outside wrote.
    package var parsesSpecial = false
    /// Truncates to so many tokens, the template's counted; of two texts the longer gives first.
    package var tokensMax: Int?
    package var withOffsets = true

    package init(
        addsSpecial: Bool = true, parsesSpecial: Bool = false, tokensMax: Int? = nil,
        withOffsets: Bool = true
    ) {
        self.addsSpecial = addsSpecial
        self.parsesSpecial = parsesSpecial
        self.tokensMax = tokensMax
        self.withOffsets = withOffsets
    }
}

/// The ids of tokens with a part to play; nil where a vocabulary has no such token.
package struct SpecialTokens: Sendable, Equatable {
    package var bos: Int32?
    package var eos: Int32?
    package var unk: Int32?
    package var cls: Int32?
    package var sep: Int32?
    package var pad: Int32?
    package var mask: Int32?

    package init() {}
}
