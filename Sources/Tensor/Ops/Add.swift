extension Tape {
    /// a + b of one shape.
    package func add(_ a: Tensor, _ b: Tensor) -> Tensor {
        precondition(a.shape == b.shape, "both summands have one shape")
        let y = output(a.shape, rows: a.rows, differentiable: a.cell != nil || b.cell != nil)
        if hasFailed { return y }
        backend.add(a.pointer, b.pointer, into: y.pointer, a.count)
        let (cellA, cellB) = (a.cell, b.cell)
        record(y) { dy in
            cellA?.add(dy)
            cellB?.add(dy)
        }
        return y
    }
}
