/// Text to token ids and back.
package protocol Tokenizer: Sendable {
    var vocabularySize: Int { get }
    /// Tokens that end a generation (`<|im_end|>`, `<|endoftext|>`).
    var endTokens: Set<Int32> { get }
    /// The token that training appends after a completion.
    var endOfTurn: Int32 { get }
    /// Special tokens written in the text are recognised only when `parseSpecial`.
    func encode(_ text: String, parseSpecial: Bool) -> [Int32]
    /// Encodes the concatenation of the parts; special tokens are recognised only where all of
    /// their text lies in trusted parts. Equal to encoding the whole when none is written there.
    func encode(_ parts: [TextPart]) -> [Int32]
    /// The raw bytes of a token; may be part of a character. Special tokens give none.
    func bytes(of token: Int32) -> [UInt8]
    /// Lossy where the ids do not form UTF-8.
    func decode(_ tokens: [Int32]) -> String
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

    package func decode(_ tokens: [Int32]) -> String {
        String(decoding: tokens.flatMap { bytes(of: $0) }, as: UTF8.self)
    }
}
