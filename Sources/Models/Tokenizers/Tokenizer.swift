/// Text to token ids and back.
package protocol Tokenizer: Sendable {
    /// The highest id plus one, added tokens included.
    var vocabularySize: Int { get }
    /// Tokens that end a generation (`<|im_end|>`, `<|endoftext|>`).
    var endTokens: Set<Int32> { get }
    /// The token that training appends after a completion.
    var endOfTurn: Int32 { get }
    var special: SpecialTokens { get }
    /// The source of the model's chat template, where it has one.
    var chatTemplate: String? { get }
    /// Special tokens written in the text are recognised only when `parseSpecial`. The template's
    /// tokens are not added.
    func encode(_ text: String, parseSpecial: Bool) -> [Int32]
    /// Encodes the concatenation of the parts; special tokens are recognised only where all of
    /// their text lies in trusted parts. Equal to encoding the whole when none is written there.
    func encode(_ parts: [TextPart]) -> [Int32]
    /// One text or a pair as the model was trained to take it: `[CLS] a [SEP] b [SEP]`.
    func encode(_ first: String, _ second: String?, options: EncodeOptions) -> Encoding
    /// The raw bytes of a token inside a text; may be part of a character. Special tokens give
    /// none.
    func bytes(of token: Int32) -> [UInt8]
    /// Lossy where the ids do not form UTF-8. Special tokens are left out.
    func decode(_ tokens: [Int32]) -> String
    /// A token as the vocabulary writes it (`##ing`, `Ġthe`); nil for ids beyond it.
    func text(of token: Int32) -> String?
    /// The token that the vocabulary writes so.
    func id(of text: String) -> Int32?
    /// The tokenizer as a tokenizer.json that Hugging Face's library loads with the same ids.
    func tokenizerJSON() -> [UInt8]
}

/// A piece of a rendered prompt: trusted when it comes from the model's template, not from a user.
package struct TextPart: Sendable, Equatable {
    package var text: String
    package var isTrusted: Bool

    package init(_ text: String, isTrusted: Bool) {
        self.text = text
        self.isTrusted = isTrusted
    }
}

extension Tokenizer {
    package func encode(_ text: String, parseSpecial: Bool) -> [Int32] {
        encode([TextPart(text, isTrusted: parseSpecial)])
    }

    package func encode(_ first: String, _ second: String? = nil) -> Encoding {
        encode(first, second, options: EncodeOptions())
    }
}
