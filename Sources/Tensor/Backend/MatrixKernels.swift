/// C = op(A)·op(B), or C += op(A)·op(B), row-major float32: op(A) `[m, k]`, op(B) `[k, n]`,
/// C `[m, n]`. Every matrix product of the engine is one of these.
package struct Product {
    package var a: Floats, b: Floats, c: Floats
    package var m: Int, n: Int, k: Int
    package var transposeA = false, transposeB = false
    /// Floats from one row to the next, as stored.
    package var strideA: Int, strideB: Int, strideC: Int
    /// Add to C instead of overwriting it.
    package var accumulate = false

    /// Densely stored operands.
    package init(
        _ a: Floats, transposeA: Bool = false, _ b: Floats, transposeB: Bool = false,
        into c: Floats, m: Int, n: Int, k: Int, accumulate: Bool = false
    ) {
        (self.a, self.b, self.c) = (a, b, c)
        (self.m, self.n, self.k) = (m, n, k)
        (self.transposeA, self.transposeB) = (transposeA, transposeB)
        strideA = transposeA ? m : k
        strideB = transposeB ? k : n
        strideC = n
        self.accumulate = accumulate
    }
}

/// What large products round their factors to. Values are stored, and sums formed, in float32.
package enum ProductPrecision: String, Sendable, CaseIterable {
    case fp32
    /// bfloat16: 8 bits of mantissa, at twice the speed where the processor has it.
    case bf16
}

/// Products, and what belongs to them.
package protocol MatrixKernels: AnyObject {
    /// What `precision` may be, the fastest last.
    var precisions: [ProductPrecision] { get }
    /// Of products that are large enough to gain by it.
    var precision: ProductPrecision { get set }
    func multiply(_ product: Product)
    /// y[r] += bias for each of `rows` rows of `columns`.
    func addBias(_ y: Floats, _ bias: Floats, rows: Int, columns: Int)
    /// y (+)= Σ rows of x.
    func columnSums(_ x: Floats, rows: Int, columns: Int, into y: Floats, accumulate: Bool)
}
