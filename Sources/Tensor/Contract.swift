// STUB CONTRACT: the signatures other modules code against. Split into real files by the owner.

package struct TaskSpan: Sendable, Equatable {
    package var task: Int
    package var rows: Range<Int>
    package init(task: Int, rows: Range<Int>) { self.task = task; self.rows = rows }
}

/// What the leading dimension of a tensor counts, and which task owns which rows. Spans are
/// ascending, contiguous and cover all rows.
package final class RowSpace: Sendable {
    package let count: Int
    package let spans: [TaskSpan]
    package init(count: Int, spans: [TaskSpan]) { self.count = count; self.spans = spans }
    package convenience init(count: Int, task: Int = 0) {
        self.init(count: count, spans: [TaskSpan(task: task, rows: 0..<count)])
    }
}

/// A sequence inside a packed batch: its rows.
package typealias Segment = Range<Int>

package protocol Backend: AnyObject {}

/// A dense float32 row-major array. Owned by one thread, not Sendable.
package final class Tensor {
    package let shape: [Int]
    package let rows: RowSpace?
    /// Host memory, `count` floats, 64-byte aligned.
    package var pointer: UnsafeMutablePointer<Float> { fatalError("stub") }
    package var count: Int { shape.reduce(1, *) }
    package init(_ shape: [Int], rows: RowSpace? = nil, backend: any Backend) { fatalError("stub") } // uninitialised
    package convenience init(_ values: [Float], _ shape: [Int], backend: any Backend) { fatalError("stub") }
    package func floats() -> [Float] { fatalError("stub") }
}

/// A trainable array with its gradient accumulators.
package final class Parameter {
    package let name: String
    package let value: Tensor
    /// 1: one gradient for all tasks. T: one accumulator per task, filled from row ranges.
    package var slots: Int = 1
    /// Frozen parameters get no gradient and cost none.
    package var isTrainable: Bool = true
    /// `nil` where nothing was accumulated since `clearGradients()` (the task was absent).
    package var gradients: [Tensor?] { fatalError("stub") }
    package init(name: String, value: Tensor) { self.name = name; self.value = value }
    /// Marks accumulators empty (the next backward overwrites instead of adding).
    package func clearGradients() { fatalError("stub") }
    /// √Σ g² of one slot, 0 when empty; Float64 accumulation.
    package func gradientNorm(slot: Int) -> Double { fatalError("stub") }
}

/// Keys and values of one sequence, all layers, grown as it is decoded.
package final class KeyValueCache {
    package private(set) var length: Int = 0
    package init(layers: Int, width: Int, capacity: Int, backend: any Backend) { fatalError("stub") }
    /// Called once per forward pass after all layers appended their rows.
    package func advance(by rows: Int) { fatalError("stub") }
    package func truncate(to length: Int) { fatalError("stub") }
}

/// Records a forward pass of coarse ops and runs it backwards. One tape per micro-batch.
package final class Tape {
    package let backend: any Backend
    package let isRecording: Bool
    package init(_ backend: any Backend, recording: Bool) { fatalError("stub") }

    /// `[V, D]`, N ids → `[N, D]`.
    package func embedding(_ table: Parameter, _ ids: [Int32], rows: RowSpace) -> Tensor { fatalError("stub") }
    /// y = x · gain / √(mean(x²) + ε), per row.
    package func rmsNorm(_ x: Tensor, gain: Parameter, epsilon: Float) -> Tensor { fatalError("stub") }
    package func layerNorm(_ x: Tensor, gain: Parameter, bias: Parameter, epsilon: Float) -> Tensor { fatalError("stub") }
    /// `[N, in]`, weight `[out, in]` → `[N, out]`: x·Wᵀ + b.
    package func linear(_ x: Tensor, _ weight: Parameter, bias: Parameter? = nil) -> Tensor { fatalError("stub") }
    /// Rotary embedding of `[N, heads·dim]`; `positions[n]` is row n's position in its sequence. `interleaved` pairs (2i, 2i+1), else (i, i + dim/2).
    package func rotary(_ x: Tensor, positions: [Int32], headDimension: Int, base: Float, interleaved: Bool) -> Tensor { fatalError("stub") }
    /// Softmax attention within each segment. q `[N, heads·dim]`, k and v `[N, kvHeads·dim]`. With caches (one per segment, not recording): appends k, v and attends over the cached rows too.
    package func attention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, segments: [Segment], heads: Int, keyValueHeads: Int,
        causal: Bool, caches: [KeyValueCache]? = nil, layer: Int = 0
    ) -> Tensor { fatalError("stub") }
    /// silu(gate) · up, elementwise.
    package func swiGLU(_ gate: Tensor, _ up: Tensor) -> Tensor { fatalError("stub") }
    package func gelu(_ x: Tensor) -> Tensor { fatalError("stub") }
    package func add(_ a: Tensor, _ b: Tensor) -> Tensor { fatalError("stub") }
    /// Rows of x by index, in a new row space (pooling a last token, selecting target rows). Indices may repeat.
    package func gather(_ x: Tensor, _ indices: [Int32], rows: RowSpace) -> Tensor { fatalError("stub") }
    /// Mean over each segment's rows → `[segments, D]`.
    package func meanPool(_ x: Tensor, segments: [Segment], rows: RowSpace) -> Tensor { fatalError("stub") }

    /// Softmax cross-entropy of logits `[N, C]`. Returns each row's unweighted loss; in `backward()` row n is seeded with weights[n]·∂lossₙ. weights may be empty when not recording.
    package func crossEntropy(_ logits: Tensor, targets: [Int32], weights: [Float]) -> [Float] { fatalError("stub") }
    /// Cross-entropy of x·Wᵀ without keeping the `[N, V]` logits: computed in row chunks.
    package func linearCrossEntropy(_ x: Tensor, _ weight: Parameter, targets: [Int32], weights: [Float]) -> [Float] { fatalError("stub") }

    /// Runs the recorded ops backwards, adding into parameters' gradients. Once per tape.
    package func backward() { fatalError("stub") }
}
