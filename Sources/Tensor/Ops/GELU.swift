extension Tape {
    /// x·Φ(x) (1606.08415), with the normal distribution function itself as in BERT.
    package func gelu(_ x: Tensor) -> Tensor {
        let y = output(x.shape, rows: x.rows, differentiable: x.cell != nil)
        if hasFailed { return y }
        backend.gelu(x.pointer, into: y.pointer, x.count)
        guard let cell = x.cell else { return y }
        let recipe = Recipe(for: y) { [backend] in
            let again = Tensor(x.shape, rows: x.rows, backend: backend)
            backend.gelu(x.pointer, into: again.pointer, x.count)
            return again
        }
        y.recipe = recipe
        record(y) { [backend] dy in
            recipe.drop()
            let dx = Tensor(x.shape, backend: backend)
            backend.geluBackward(x.pointer, dy: dy.pointer, dx: dx.pointer, x.count)
            cell.add(dx)
        }
        return y
    }
}
