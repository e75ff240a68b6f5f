extension Tape {
    /// Softmax attention within each segment. q `[N, heads·dim]`, k and v `[N, kvHeads·dim]`. With
    /// caches (one per segment, not recording): appends k, v and attends over the cached rows too.
    ///
    /// Keeps q, k and v; probabilities are computed again in the gradient.
    package func attention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, segments: [Segment], heads: Int, keyValueHeads: Int,
        causal: Bool, caches: [KeyValueCache]? = nil, layer: Int = 0
    ) -> Tensor {
        let form = AttentionForm(
            heads: heads, keyValueHeads: keyValueHeads, headDimension: q.width / heads,
            causal: causal)
        precondition(
            heads % keyValueHeads == 0 && q.width % heads == 0
                && k.width == keyValueHeads * form.headDimension && v.width == k.width,
            "query heads are a multiple of key-value heads, all of one dimension")
        precondition(
            segments.reduce(0) { $1.lowerBound == $0 ? $1.upperBound : -1 } == q.rowCount,
            "segments are contiguous and cover all rows")
        precondition(caches == nil || !isRecording, "caches are for inference")
        let y = output(
            q.shape, rows: q.rows,
            differentiable: q.cell != nil || k.cell != nil || v.cell != nil)
        if hasFailed { return y }
        let views = views(k, v, segments: segments, caches: caches, layer: layer)
        backend.attention(q.pointer, into: y.pointer, segments: views, form: form)
        record(y) { [backend] dy in
            let (dq, dk, dv) = (
                Tensor(q.shape, backend: backend), Tensor(k.shape, backend: backend),
                Tensor(v.shape, backend: backend)
            )
            backend.attentionBackward(
                AttentionGradient(
                    q: q.pointer, k: k.pointer, v: v.pointer, dOut: dy.pointer, dq: dq.pointer,
                    dk: dk.pointer, dv: dv.pointer, segments: segments, form: form))
            q.cell?.add(dq)
            k.cell?.add(dk)
            v.cell?.add(dv)
        }
        return y
    }

    private func views(
        _ k: Tensor, _ v: Tensor, segments: [Segment], caches: [KeyValueCache]?, layer: Int
    ) -> [AttentionSegment] {
        guard let caches else {
            return segments.map { rows in
                AttentionSegment(
                    queries: rows, keys: k.pointer + rows.lowerBound * k.width,
                    values: v.pointer + rows.lowerBound * v.width, keyCount: rows.count)
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
