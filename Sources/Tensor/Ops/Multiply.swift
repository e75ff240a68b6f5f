extension Tape {
    /// a·b of one shape, elementwise.
    package func multiply(_ a: Tensor, _ b: Tensor) -> Tensor {
        precondition(a.shape == b.shape, "both factors have one shape")
        let y = output(a.shape, rows: a.rows, differentiable: a.cell != nil || b.cell != nil)
        if hasFailed { return y }
        backend.multiply(a.pointer, b.pointer, into: y.pointer, a.count)
        guard y.cell != nil else { return y }
        let (savedA, savedB) = (a.saved, b.saved)
        let (cellA, cellB) = (a.cell, b.cell)
        record(y) { [backend] dy in
            for (cell, other) in [(cellA, savedB), (cellB, savedA)] {
                guard let cell else { continue }
                let gradient = Tensor(dy.shape, backend: backend)
                backend.multiply(
                    dy.pointer, other().pointer, into: gradient.pointer, dy.count)
                cell.add(gradient)
            }
        }
        return y
    }
}
