/// Scaled dot-product attention with grouped queries (2305.13245).
package protocol AttentionKernels {
    /// Rows of q and out are `heads·dimension` wide, of keys and values `keyValueHeads·dimension`.
    func attention(
        _ q: Floats, into out: Floats, segments: [AttentionSegment], form: AttentionForm)
    /// Gradients of `attention` without caches; dq, dk and dv are overwritten in the segments.
    func attentionBackward(_ gradient: AttentionGradient)
}

package struct AttentionForm: Sendable {
    package var heads: Int, keyValueHeads: Int, headDimension: Int
    package var causal: Bool

    package init(heads: Int, keyValueHeads: Int, headDimension: Int, causal: Bool) {
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headDimension = headDimension
        self.causal = causal
    }
}

/// Query rows of one sequence and all its keys and values so far. Where causal, the queries are the
/// last `queries.count` of `keyCount` positions.
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
    package var segments: [Segment]
    package var form: AttentionForm

    package init(
        q: Floats, k: Floats, v: Floats, dOut: Floats, dq: Floats, dk: Floats, dv: Floats,
        segments: [Segment], form: AttentionForm
    ) {
        (self.q, self.k, self.v, self.dOut) = (q, k, v, dOut)
        (self.dq, self.dk, self.dv) = (dq, dk, dv)
        self.segments = segments
        self.form = form
    }
}
