package import Tensor

/// The sizes of a transformer, and what its family alone reads.
package struct BackboneConfiguration: Codable, Sendable, Equatable {
    package var architecture: String
    package var vocabulary, width, layers, heads, keyValueHeads, headDimension, hidden,
        contextLength: Int
    package var normEpsilon: Float
    /// The output projection is the token embedding.
    package var tiedEmbeddings: Bool
    /// Trainable values of the backbone, tied matrices counted once.
    package var parameterCount: Int
    /// The model in config.json's words.
    package var details: ConfigFile

    package init(
        architecture: String, vocabulary: Int, width: Int, layers: Int, heads: Int,
        keyValueHeads: Int? = nil, headDimension: Int? = nil, hidden: Int, contextLength: Int,
        normEpsilon: Float, tiedEmbeddings: Bool, parameterCount: Int = 0, details: ConfigFile
    ) {
        self.architecture = architecture
        self.vocabulary = vocabulary
        self.width = width
        self.layers = layers
        self.heads = heads
        self.keyValueHeads = keyValueHeads ?? heads
        self.headDimension = headDimension ?? width / heads
        self.hidden = hidden
        self.contextLength = contextLength
        self.normEpsilon = normEpsilon
        self.tiedEmbeddings = tiedEmbeddings
        self.parameterCount = parameterCount
        self.details = details
    }
}

/// How a sequence's rows become the one row that a head reads.
package enum Pooling: String, Codable, Sendable {
    /// The last token: it has seen all others in a decoder.
    case last
    /// The first token.
    case first
    case mean
    /// The first token through the backbone's own dense layer with tanh.
    case pooler
}

/// Sees the residual stream `[N, D]` of a forward pass: the embeddings as block 1 reads them
/// (index 0), then what comes out of each block (1…L), before any final norm. The stream goes on
/// with what it returns, a tensor of the same rows and width: its argument to only look on.
package typealias StreamTap = (_ stream: Tensor, _ index: Int) -> Tensor

/// A transformer without task heads.
package protocol Backbone: AnyObject {
    var configuration: BackboneConfiguration { get }
    /// In a stable order, with Hugging Face names.
    var parameters: [Parameter] { get }
    /// `[V, D]`: the language-model head's matrix (the token embedding itself where tied, and in
    /// an encoder, which has no such head).
    var outputProjection: Parameter { get }
    /// The last block matrix that gets gradient from every task: GradNorm's W.
    var lastSharedMatrix: Parameter { get }
    /// What heads read where they do not say otherwise.
    var pooling: Pooling { get }
    /// Whether each row sees only rows before it, so that the next token can be learnt.
    var isCausal: Bool { get }
    /// `[N, D]` after the final norm. With caches (one per segment) the rows are appended to them.
    /// - Parameter tap: called between the blocks (in T5 the encoder's), in order.
    func hiddenStates(
        _ batch: PackedBatch, caches: [KeyValueCache]?, tap: StreamTap?, on tape: Tape
    ) -> Tensor
    /// `[segments, D]` of hidden states; `rows` counts the segments.
    func pool(
        _ hidden: Tensor, segments: [Segment], as pooling: Pooling, rows: RowSpace, on tape: Tape
    ) -> Tensor
    func makeCache(capacity: Int) -> KeyValueCache
}

extension Backbone {
    package var pooling: Pooling { .last }
    package var isCausal: Bool { true }

    package func hiddenStates(_ batch: PackedBatch, caches: [KeyValueCache]?, on tape: Tape)
        -> Tensor
    {
        hiddenStates(batch, caches: caches, tap: nil, on: tape)
    }

    package func pool(
        _ hidden: Tensor, segments: [Segment], as pooling: Pooling, rows: RowSpace, on tape: Tape
    ) -> Tensor {
        pooled(hidden, segments: segments, as: pooling, rows: rows, on: tape)
    }

    /// Pooling without parameters.
    func pooled(
        _ hidden: Tensor, segments: [Segment], as pooling: Pooling, rows: RowSpace, on tape: Tape
    ) -> Tensor {
        switch pooling {
        case .last:
            tape.gather(hidden, segments.map { Int32($0.upperBound - 1) }, rows: rows)
        case .first, .pooler:
            tape.gather(hidden, segments.map { Int32($0.lowerBound) }, rows: rows)
        case .mean:
            tape.meanPool(hidden, segments: segments, rows: rows)
        }
    }
}
