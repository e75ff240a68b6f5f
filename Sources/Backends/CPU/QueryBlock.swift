// One head's query rows of one block, and the small products around their scores.
internal import CKernels
internal import Tensor

struct QueryBlock {
    let segment: AttentionSegment
    let head: Int
    /// Within the segment.
    let rows: Range<Int>
    let form: AttentionForm

    var queryStride: Int { form.heads * form.headDimension }
    var keyStride: Int { form.keyValueHeads * form.headDimension }
    /// From the first row of the batch to this block's rows of this head.
    var queryOffset: Int {
        (segment.queries.lowerBound + rows.lowerBound) * queryStride + head * form.headDimension
    }
    var keyOffset: Int { head / (form.heads / form.keyValueHeads) * form.headDimension }
    var keys: Floats { segment.keys + keyOffset }
    var values: Floats { segment.values + keyOffset }

    /// Row `row`'s place among the segment's keys.
    private func position(_ row: Int) -> Int {
        segment.keyCount - segment.queries.count + rows.lowerBound + row
    }
    /// The end of the keys that the block's row `row` sees.
    func reach(_ row: Int) -> Int { form.causal ? position(row) + 1 : segment.keyCount }
    /// How many keys the last row sees: the width of the block's scores.
    var reach: Int { reach(rows.count - 1) }

    /// `[rows, reach]`: x of this block's rows against keys or values.
    func scores(_ x: Floats, _ y: Floats, into scores: Floats) -> Product {
        var product = Product(
            x, y, transposeB: true, into: scores, m: rows.count, n: reach, k: form.headDimension)
        product.strideA = queryStride
        product.strideB = keyStride
        return product
    }

    /// `[rows, dimension]`: scores times keys or values.
    func product(_ scores: Floats, _ y: Floats, into out: Floats) -> Product {
        var product = Product(
            scores, y, into: out, m: rows.count, n: form.headDimension, k: reach)
        product.strideB = keyStride
        product.strideC = queryStride
        return product
    }

    /// `[reach, dimension]`: transposed scores times this block's rows of x.
    func transposed(_ scores: Floats, _ x: Floats, into out: Floats, adds: Bool) -> Product {
        var product = Product(
            scores, transposeA: true, x, into: out, m: reach, n: form.headDimension,
            k: rows.count, accumulate: adds)
        product.strideB = queryStride
        product.strideC = keyStride
        return product
    }

    func probabilities(of queries: Floats, into p: Floats, _ kernels: pt_kernels) {
        BLAS.multiply(scores(queries, keys, into: p))
        if let bias = form.bias {
            for row in 0..<rows.count {
                let own = p + row * reach
                kernels.add(own, bias.values + biasOffset(row, bias), own, reach)
            }
        }
        kernels.softmax(
            p, rows.count, reach, reach(0), form.causal ? 1 : 0, form.window ?? 0, reach,
            form.scale)
    }

    /// Adds the scores' gradients to those of the bias, `[heads, span]` for this segment.
    func addBiasGradient(_ dp: Floats, into dBias: Floats, _ kernels: pt_kernels) {
        guard let bias = form.bias else { return }
        for row in 0..<rows.count {
            let own = dBias + biasOffset(row, bias)
            kernels.add(own, dp + row * reach, own, reach)
        }
    }

    /// Where the bias of row `row` and key 0 lies.
    private func biasOffset(_ row: Int, _ bias: DistanceBias) -> Int {
        head * bias.span + bias.origin - position(row)
    }
}
