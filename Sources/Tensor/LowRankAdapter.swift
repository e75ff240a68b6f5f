/// A low-rank change of a matrix (Hu et al., 2106.09685): W + scale·B·A.
package final class LowRankAdapter {
    /// `[rank, inputs]`.
    package let a: Parameter
    /// `[outputs, rank]`; zero before training, so that nothing changes at first.
    package let b: Parameter
    /// α/rank.
    package let scale: Float
    package var rank: Int { a.value.rowCount }

    package init(a: Parameter, b: Parameter, scale: Float) {
        precondition(a.value.rowCount == b.value.width, "A and B have one rank")
        self.a = a
        self.b = b
        self.scale = scale
    }

    /// Adds `factor`·scale·B·A to a matrix: 1 merges, −1 undoes it but for rounding.
    package func merge(into weight: Parameter, factor: Float) {
        let backend = weight.value.backend
        let (outputs, inputs) = (weight.value.rowCount, weight.value.width)
        precondition(b.value.rowCount == outputs && a.value.width == inputs, "the shapes agree")
        // What is kept is not rounded, whatever steps are.
        let precision = backend.precision
        backend.precision = .fp32
        defer { backend.precision = precision }
        let scaled = Tensor(b.value.shape, backend: backend)
        backend.scale(b.value.pointer, by: factor * scale, into: scaled.pointer, scaled.count)
        backend.multiply(
            Product(
                scaled.pointer, a.value.pointer, into: weight.value.pointer, m: outputs,
                n: inputs, k: rank, accumulate: true))
    }
}

/// Rows that an adapter is applied to.
package struct AdapterSpan: Sendable, Equatable {
    package var adapter: String
    package var rows: Range<Int>

    package init(adapter: String, rows: Range<Int>) {
        self.adapter = adapter
        self.rows = rows
    }
}
