// Attention in blocks of query rows: the scores of one block and one head exist at a time.
internal import CKernels
package import Tensor

extension CPUBackend {
    /// Query rows whose scores exist at the same time.
    static let queryBlock = 64
    /// Fewer rows are computed one by one: products this small do not pay.
    private static let fewQueries = 4

    package func attention(
        _ q: Floats, into out: Floats, segments: [AttentionSegment], form: AttentionForm
    ) {
        let blocks = segments.flatMap { segment in
            stride(from: 0, to: segment.queries.count, by: Self.queryBlock).flatMap { first in
                (0..<form.heads).map { head in
                    QueryBlock(
                        segment: segment, head: head,
                        rows: first..<min(first + Self.queryBlock, segment.queries.count),
                        form: form)
                }
            }
        }
        let most = segments.reduce(0) { max($0, $1.keyCount) }
        let scores = Self.queryBlock * most
        let work = blocks.reduce(0) { $0 + $1.rows.count * $1.segment.keyCount }
        let isSmall = work * form.headDimension < grainFloats * 2
        withScratch(scores * (isSmall ? 1 : threads)) { scratch in
            let compute = { (index: Int, thread: Int) in
                self.attend(blocks[index], q: q, out: out, scores: scratch + thread * scores)
            }
            if isSmall {
                for index in blocks.indices { compute(index, 0) }
            } else {
                pool.run(blocks.count, compute)
            }
        }
    }

    private func attend(_ block: QueryBlock, q: Floats, out: Floats, scores: Floats) {
        let queries = q + block.queryOffset
        let result = out + block.queryOffset
        let dimension = block.form.headDimension
        guard block.rows.count >= Self.fewQueries || block.form.bias != nil else {
            for row in 0..<block.rows.count {
                let reach = block.reach(row)
                let skipped = block.form.window.map { max(0, reach - $0) } ?? 0
                kernels.attention_row(
                    queries + row * block.queryStride, block.keys + skipped * block.keyStride,
                    block.keyStride, block.values + skipped * block.keyStride, block.keyStride,
                    reach - skipped, dimension, block.form.scale, scores,
                    result + row * block.queryStride)
            }
            return
        }
        block.probabilities(of: queries, into: scores, kernels)
        BLAS.multiply(block.product(scores, block.values, into: result))
    }

    package func attentionBackward(_ gradient: AttentionGradient) {
        let form = gradient.form
        let segments = gradient.segments
        let most = segments.reduce(0) { max($0, $1.keys.count) }
        let scores = Self.queryBlock * most
        withScratch(2 * scores * threads) { scratch in
            // A key-value head's gradients sum over its query heads, so one thread has them all.
            pool.run(segments.count * form.keyValueHeads) { index, thread in
                attendBackward(
                    gradient, index / form.keyValueHeads,
                    keyValueHead: index % form.keyValueHeads, scratch + 2 * thread * scores,
                    scores)
            }
        }
    }

    private func attendBackward(
        _ g: AttentionGradient, _ index: Int, keyValueHead: Int, _ scratch: Floats, _ size: Int
    ) {
        let form = g.form
        let (rows, keys) = g.segments[index]
        let keyWidth = form.keyValueHeads * form.headDimension
        let offset = keys.lowerBound * keyWidth
        guard !rows.isEmpty, !keys.isEmpty else {
            return clear(g, rows, keys, keyValueHead: keyValueHead)
        }
        let segment = AttentionSegment(
            queries: rows, keys: g.k + offset, values: g.v + offset, keyCount: keys.count)
        let (p, dp) = (scratch, scratch + size)
        let group = form.heads / form.keyValueHeads
        // Backwards, because the last block reaches every key: the first products overwrite.
        let starts = stride(from: 0, to: rows.count, by: Self.queryBlock).reversed()
        var adds = false
        for head in keyValueHead * group..<(keyValueHead + 1) * group {
            for first in starts {
                let block = QueryBlock(
                    segment: segment, head: head,
                    rows: first..<min(first + Self.queryBlock, rows.count), form: form)
                let (dk, dv) = (g.dk + offset + block.keyOffset, g.dv + offset + block.keyOffset)
                let queries = g.q + block.queryOffset
                let dOut = g.dOut + block.queryOffset
                block.probabilities(of: queries, into: p, kernels)
                BLAS.multiply(block.scores(dOut, block.values, into: dp))
                BLAS.multiply(block.transposed(p, dOut, into: dv, adds: adds))
                kernels.softmax_backward(
                    p, dp, block.rows.count, block.reach, block.reach, form.scale)
                if let dBias = g.dBias, let span = form.bias?.span {
                    let own = dBias + index * form.heads * span
                    block.addBiasGradient(dp, into: own, kernels)
                }
                BLAS.multiply(block.product(dp, block.keys, into: g.dq + block.queryOffset))
                BLAS.multiply(block.transposed(dp, queries, into: dk, adds: adds))
                adds = true
            }
        }
    }

    /// Queries without keys and keys without queries have gradient zero.
    private func clear(
        _ g: AttentionGradient, _ rows: Segment, _ keys: Segment, keyValueHead: Int
    ) {
        let dimension = g.form.headDimension
        let keyWidth = g.form.keyValueHeads * dimension
        for row in keys {
            let at = row * keyWidth + keyValueHead * dimension
            (g.dk + at).update(repeating: 0, count: dimension)
            (g.dv + at).update(repeating: 0, count: dimension)
        }
        let group = g.form.heads / g.form.keyValueHeads * dimension
        for row in rows {
            let at = row * g.form.heads * dimension + keyValueHead * group
            (g.dq + at).update(repeating: 0, count: group)
        }
    }
}
