extension Tape {
    /// A loss of x `[N, C]` with a target for each column, row-major. Returns each row's
    /// unweighted sum over the columns; in `backward()` row n is seeded with weights[n]·∂lossₙ.
    /// weights may be empty when not recording.
    package func columnLoss(
        _ loss: ColumnLoss, _ x: Tensor, targets: [Float], weights: [Float]
    ) -> [Float] {
        let (rows, columns) = (x.rowCount, x.width)
        precondition(targets.count == x.count, "one target for each of the \(x.count) values")
        precondition(
            weights.count == rows || (weights.isEmpty && !isRecording), "one weight for each row")
        let scratch = Tensor(x.shape, backend: backend)
        if hasFailed { return [Float](repeating: .nan, count: rows) }
        backend.copy(x.pointer, to: scratch.pointer, x.count)
        guard isRecording, let cell = x.cell else {
            return backend.columnLoss(
                loss, scratch.pointer, columns: columns, targets: targets, weights: nil)
        }
        let losses = backend.columnLoss(
            loss, scratch.pointer, columns: columns, targets: targets, weights: weights)
        recordSeed { cell.add(scratch) }
        return losses
    }
}
