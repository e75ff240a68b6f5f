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
    var scale: Float { 1 / Float(form.headDimension).squareRoot() }
    /// From the first row of the batch to this block's rows of this head.
    var queryOffset: Int {
        (segment.queries.lowerBound + rows.lowerBound) * queryStride + head * form.headDimension
    }
    var keyOffset: Int { head / (form.heads / form.keyValueHeads) * form.headDimension }
    var keys: Floats { segment.keys + keyOffset }
    var values: Floats { segment.values + keyOffset }

    /// How many keys the block's row `row` sees.
    func reach(_ row: Int) -> Int {
        guard form.causal else { return segment.keyCount }
        return segment.keyCount - segment.queries.count + rows.lowerBound + row + 1
    }
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
        kernels.softmax(
            p, rows.count, reach, reach(0), form.causal ? 1 : 0, reach, scale)
    }
}
