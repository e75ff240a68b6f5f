extension Tape {
    /// Rows of x by index, in a new row space (pooling a last token, selecting target rows).
    /// Indices may repeat.
    package func gather(_ x: Tensor, _ indices: [Int32], rows: RowSpace) -> Tensor {
        precondition(rows.count == indices.count, "one index for each of the \(rows.count) rows")
        let (count, width) = (x.rowCount, x.width)
        precondition(
            indices.allSatisfy { $0 >= 0 && Int($0) < count }, "indices must be in 0..<\(count)")
        let y = output([indices.count, width], rows: rows, differentiable: x.cell != nil)
        if hasFailed { return y }
        backend.gatherRows(x.pointer, indices, width: width, into: y.pointer)
        guard let cell = x.cell else { return y }
        let shape = x.shape
        record(y) { [backend] dy in
            cell.receive(shape: shape, backend: backend) { dx in
                if !dx.adds { backend.zero(dx.pointer, count * width) }
                backend.scatterAddRows(dy.pointer, indices[...], width: width, into: dx.pointer)
            }
        }
        return y
    }
}
