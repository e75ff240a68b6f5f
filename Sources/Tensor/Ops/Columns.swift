extension Tape {
    /// Some columns of x `[N, D]` → `[N, columns.count]`: a part of a fused projection.
    package func columns(_ x: Tensor, _ columns: Range<Int>) -> Tensor {
        let (rows, width, shape) = (x.rowCount, x.width, x.shape)
        precondition(
            columns.lowerBound >= 0 && columns.upperBound <= width, "columns lie in 0..<\(width)")
        let y = output([rows, columns.count], rows: x.rows, differentiable: x.cell != nil)
        if hasFailed { return y }
        backend.moveColumns(
            x.pointer + columns.lowerBound, stride: width, to: y.pointer, stride: columns.count,
            rows: rows, columns: columns.count, adds: false)
        guard let cell = x.cell else { return y }
        record(y) { [backend] dy in
            cell.receive(shape: shape, backend: backend) { dx in
                if !dx.adds { backend.zero(dx.pointer, rows * width) }
                backend.moveColumns(
                    dy.pointer, stride: columns.count, to: dx.pointer + columns.lowerBound,
                    stride: width, rows: rows, columns: columns.count, adds: true)
            }
        }
        return y
    }
}
