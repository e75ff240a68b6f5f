/// Scaled dot-product attention with grouped queries (2305.13245).
package protocol AttentionKernels {
    /// Rows of q and out are `heads·dimension` wide, of keys and values `keyValueHeads·dimension`.
    func attention(
        _ q: Floats, into out: Floats, segments: [AttentionSegment], form: AttentionForm)
    /// Gradients of `attention` without caches; dq, dk and dv are overwritten in the segments.
    func attentionBackward(_ gradient: AttentionGradient)
}

package struct AttentionForm {
    package var heads: Int, keyValueHeads: Int, headDimension: Int
    package var causal: Bool
    /// What query-key products are multiplied by before the softmax.
    package var scale: Float
    /// Most keys that a query sees, its own and those right before it; causal only.
    package var window: Int?
    /// Added to the products; with it, `scale` is 1.
    package var bias: DistanceBias?

    /// - Parameter scale: nil means 1/√dimension.
    package init(
        heads: Int, keyValueHeads: Int, headDimension: Int, causal: Bool, scale: Float? = nil,
        window: Int? = nil, bias: DistanceBias? = nil
    ) {
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headDimension = headDimension
        self.causal = causal
        self.scale = scale ?? 1 / Float(headDimension).squareRoot()
        self.window = window
        self.bias = bias
    }
}

/// `[heads, span]`: what a head adds for a key by its distance, at `key − query + origin`.
package struct DistanceBias {
    package var values: Floats
    package var span: Int, origin: Int

    package init(_ values: Floats, span: Int, origin: Int) {
        (self.values, self.span, self.origin) = (values, span, origin)
    }
}

/// Query rows of one sequence and all its keys and values so far. Where causal or biased by
/// distance, the queries are the last `queries.count` of `keyCount` positions.
package struct AttentionSegment {
    package var queries: Range<Int>
    package var keys: Floats, values: Floats
    package var keyCount: Int

    package init(queries: Range<Int>, keys: Floats, values: Floats, keyCount: Int) {
        self.queries = queries
        self.keys = keys
        self.values = values
        self.keyCount = keyCount
    }
}

package struct AttentionGradient {
    package var q: Floats, k: Floats, v: Floats, dOut: Floats
    package var dq: Floats, dk: Floats, dv: Floats
    /// `[segments, heads, span]`, added to: the gradient of the bias, where one is wanted.
    package var dBias: Floats?
    /// Rows of queries and of keys, segment by segment.
    package var segments: [(queries: Segment, keys: Segment)]
    package var form: AttentionForm

    package init(
        q: Floats, k: Floats, v: Floats, dOut: Floats, dq: Floats, dk: Floats, dv: Floats,
        dBias: Floats? = nil, segments: [(queries: Segment, keys: Segment)], form: AttentionForm
    ) {
        (self.q, self.k, self.v, self.dOut) = (q, k, v, dOut)
        (self.dq, self.dk, self.dv) = (dq, dk, dv)
        self.dBias = dBias
        self.segments = segments
        self.form = form
    }
}
