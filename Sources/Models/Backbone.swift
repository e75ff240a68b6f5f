package import Tensor

/// The sizes of a transformer, as its file states them.
package struct BackboneConfiguration: Codable, Sendable, Equatable {
    package var architecture: String
    package var vocabulary, width, layers, heads, keyValueHeads, headDimension, hidden,
        contextLength: Int
    package var normEpsilon, ropeBase: Float
    /// The output projection is the token embedding.
    package var tiedEmbeddings: Bool
    /// Trainable values of the backbone, tied matrices counted once.
    package var parameterCount: Int

    package init(
        architecture: String, vocabulary: Int, width: Int, layers: Int, heads: Int,
        keyValueHeads: Int, headDimension: Int, hidden: Int, contextLength: Int,
        normEpsilon: Float, ropeBase: Float, tiedEmbeddings: Bool, parameterCount: Int = 0
    ) {
        self.architecture = architecture
        self.vocabulary = vocabulary
        self.width = width
        self.layers = layers
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headDimension = headDimension
        self.hidden = hidden
        self.contextLength = contextLength
        self.normEpsilon = normEpsilon
        self.ropeBase = ropeBase
        self.tiedEmbeddings = tiedEmbeddings
        self.parameterCount = parameterCount
    }
}

/// A transformer without task heads.
package protocol Backbone: AnyObject {
    var configuration: BackboneConfiguration { get }
    /// In a stable order, with Hugging Face names.
    var parameters: [Parameter] { get }
    /// `[V, D]`: the language-model head's matrix (the token embedding itself where tied).
    var outputProjection: Parameter { get }
    /// The last block matrix that gets gradient from every task: GradNorm's W.
    var lastSharedMatrix: Parameter { get }
    /// `[N, D]` after the final norm. With caches (one per segment) the rows are appended to them.
    func hiddenStates(_ batch: PackedBatch, caches: [KeyValueCache]?, on tape: Tape) -> Tensor
    func makeCache(capacity: Int) -> KeyValueCache
}
