import JSON

/// What turns pieces of text into tokens.
protocol SubwordModel: Sendable {
    /// Appends the tokens of every piece in `work.cutting` to `work.tokens`.
    func encode(_ work: inout Workspace)
    /// The `model` of a tokenizer.json.
    func description(_ vocabulary: Vocabulary) -> JSON
    /// The token of what the vocabulary cannot write.
    var unknown: Int32? { get }
}

/// A token and the bytes of the normalised text that it stands for.
struct Token: BitwiseCopyable, Equatable {
    var id: Int32
    var begin: UInt32
    var end: UInt32
}

/// What one encoding needs besides the tokenizer: used again for the next, never by two at once.
struct Workspace: ~Copyable {
    var cutting = Cutting()
    /// The text before a normaliser, while it works.
    var before = AlignedText()
    var tokens = Run<Token>()
    var cache = WordCache()
    var symbols = SymbolChain()
    var path = BestPath()
}
