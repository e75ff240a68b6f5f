extension Tape {
    /// Mean over each segment's rows → `[segments, D]`. A segment without rows has mean NaN.
    package func meanPool(_ x: Tensor, segments: [Segment], rows: RowSpace) -> Tensor {
        precondition(rows.count == segments.count, "one row for each segment")
        precondition(
            segments.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= x.rowCount },
            "segments lie within the rows")
        let (shape, width) = (x.shape, x.width)
        let y = output([segments.count, width], rows: rows, differentiable: x.cell != nil)
        if hasFailed { return y }
        backend.meanRows(x.pointer, segments, width: width, into: y.pointer)
        guard let cell = x.cell else { return y }
        record(y) { [backend] dy in
            let dx = Tensor(shape, backend: backend)
            backend.zero(dx.pointer, dx.count)
            backend.meanRowsBackward(dy.pointer, segments, width: width, into: dx.pointer)
            cell.add(dx)
        }
        return y
    }
}
