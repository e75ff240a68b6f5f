extension Tape {
    /// factor·x.
    package func scale(_ x: Tensor, by factor: Float) -> Tensor {
        let y = output(x.shape, rows: x.rows, differentiable: x.cell != nil)
        if hasFailed { return y }
        backend.scale(x.pointer, by: factor, into: y.pointer, x.count)
        guard let cell = x.cell else { return y }
        record(y) { [backend] dy in
            let dx = Tensor(dy.shape, backend: backend)
            backend.scale(dy.pointer, by: factor, into: dx.pointer, dy.count)
            cell.add(dx)
        }
        return y
    }
}
