extension Tape {
    /// Softmax attention within each segment. q `[N, heads·dim]`, k and v `[M, kvHeads·dim]`.
    /// With caches (one per segment, not recording): appends k, v and attends over the cached rows
    /// too.
    ///
    /// Keeps q, k and v; probabilities are computed again in the gradient.
    /// - Parameters:
    ///   - keySegments: rows of k and v for each segment of queries, where they are another
    ///     sequence's (cross-attention); nil: the queries' own.
    ///   - scale: of the products; nil means 1/√dim.
    ///   - window: most keys that a query sees, the nearest ones; causal only.
    ///   - bias: added to the products, by distance.
    package func attention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, segments: [Segment], keySegments: [Segment]? = nil,
        heads: Int, keyValueHeads: Int, causal: Bool, scale: Float? = nil, window: Int? = nil,
        bias: RelativeBias? = nil, caches: [KeyValueCache]? = nil, layer: Int = 0
    ) -> Tensor {
        var form = AttentionForm(
            heads: heads, keyValueHeads: keyValueHeads, headDimension: q.width / heads,
            causal: causal, scale: scale, window: window)
        precondition(
            heads % keyValueHeads == 0 && q.width % heads == 0
                && k.width == keyValueHeads * form.headDimension && v.width == k.width,
            "query heads are a multiple of key-value heads, all of one dimension")
        let keySegments = keySegments ?? segments
        check(segments, cover: q.rowCount)
        check(keySegments, cover: k.rowCount)
        precondition(segments.count == keySegments.count && v.rowCount == k.rowCount)
        precondition(caches == nil || !isRecording, "caches are for inference")
        precondition(window == nil || causal, "a window is for causal attention")
        precondition(bias == nil || form.scale == 1, "a bias goes with scale 1")
        let y = output(
            q.shape, rows: q.rows,
            differentiable: q.cell != nil || k.cell != nil || v.cell != nil
                || bias?.table.isTrainable ?? false)
        if hasFailed { return y }
        let views = views(k, v, segments, keySegments, caches: caches, layer: layer)
        let spread = bias.map { $0.spread(reach: views.map(\.keyCount).max() ?? 0) }
        form.bias = spread?.bias
        backend.attention(q.pointer, into: y.pointer, segments: views, form: form)
        record(y) { [backend] dy in
            let (dq, dk, dv) = (
                Tensor(q.shape, backend: backend), Tensor(k.shape, backend: backend),
                Tensor(v.shape, backend: backend)
            )
            let dBias = bias.flatMap { $0.gradient(segments: segments.count, like: spread) }
            backend.attentionBackward(
                AttentionGradient(
                    q: q.pointer, k: k.pointer, v: v.pointer, dOut: dy.pointer, dq: dq.pointer,
                    dk: dk.pointer, dv: dv.pointer, dBias: dBias?.pointer,
                    segments: zip(segments, keySegments).map { ($0, $1) }, form: form))
            if let bias, let spread, let dBias {
                bias.accumulate(dBias, spread, segments: segments, rows: q.rows)
            }
            q.cell?.add(dq)
            k.cell?.add(dk)
            v.cell?.add(dv)
        }
        return y
    }

    /// Softmax attention of each segment's queries over all rows of its cache, which it does not
    /// append to. Not recording.
    package func attention(
        _ q: Tensor, reading caches: [KeyValueCache], layer: Int, segments: [Segment], heads: Int,
        keyValueHeads: Int, scale: Float? = nil
    ) -> Tensor {
        precondition(!isRecording && caches.count == segments.count, "one cache for each segment")
        check(segments, cover: q.rowCount)
        let form = AttentionForm(
            heads: heads, keyValueHeads: keyValueHeads, headDimension: q.width / heads,
            causal: false, scale: scale)
        let y = output(q.shape, rows: q.rows, differentiable: false)
        if hasFailed { return y }
        let views = zip(segments, caches).map { queries, cache in
            let (keys, values) = cache.rows(layer: layer)
            return AttentionSegment(
                queries: queries, keys: keys, values: values, keyCount: cache.length)
        }
        backend.attention(q.pointer, into: y.pointer, segments: views, form: form)
        return y
    }

    private func check(_ segments: [Segment], cover rows: Int) {
        precondition(
            segments.reduce(0) { $1.lowerBound == $0 ? $1.upperBound : -1 } == rows,
            "segments are contiguous and cover all rows")
    }

    private func views(
        _ k: Tensor, _ v: Tensor, _ segments: [Segment], _ keySegments: [Segment],
        caches: [KeyValueCache]?, layer: Int
    ) -> [AttentionSegment] {
        guard let caches else {
            return zip(segments, keySegments).map { rows, keys in
                AttentionSegment(
                    queries: rows, keys: k.pointer + keys.lowerBound * k.width,
                    values: v.pointer + keys.lowerBound * v.width, keyCount: keys.count)
            }
        }
        precondition(caches.count == segments.count, "one cache for each segment")
        return zip(segments, caches).map { rows, cache in
            let (keys, values) = cache.append(
                keys: k.pointer + rows.lowerBound * k.width,
                values: v.pointer + rows.lowerBound * v.width, count: rows.count, layer: layer)
            return AttentionSegment(
                queries: rows, keys: keys, values: values, keyCount: cache.length + rows.count)
        }
    }
}
