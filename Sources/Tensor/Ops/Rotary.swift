extension Tape {
    /// Rotary embedding of `[N, heads·dim]`; `positions[n]` is row n's position in its sequence.
    /// `interleaved` pairs (2i, 2i+1), else (i, i + dim/2).
    package func rotary(
        _ x: Tensor, positions: [Int32], headDimension: Int, base: Float, interleaved: Bool,
        scaling: RotaryScaling = .none
    ) -> Tensor {
        precondition(positions.count == x.rowCount, "one position for each row")
        precondition(
            headDimension % 2 == 0 && x.width % headDimension == 0,
            "an even head dimension that divides \(x.width)")
        precondition(positions.allSatisfy { $0 >= 0 }, "positions are ≥ 0")
        let form = RotaryForm(
            headDimension: headDimension, base: base, interleaved: interleaved, scaling: scaling)
        let heads = x.width / headDimension
        let y = output(x.shape, rows: x.rows, differentiable: x.cell != nil)
        if hasFailed { return y }
        backend.rotary(
            x.pointer, into: y.pointer, positions: positions, heads: heads, form: form,
            backwards: false)
        guard let cell = x.cell else { return y }
        let shape = x.shape
        record(y) { [backend] dy in
            let dx = Tensor(shape, backend: backend)
            backend.rotary(
                dy.pointer, into: dx.pointer, positions: positions, heads: heads, form: form,
                backwards: true)
            cell.add(dx)
        }
        return y
    }
}
