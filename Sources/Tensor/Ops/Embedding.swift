extension Tape {
    /// `[V, D]`, N ids → `[N, D]`.
    package func embedding(_ table: Parameter, _ ids: [Int32], rows: RowSpace) -> Tensor {
        let width = table.value.width
        let vocabulary = table.value.rowCount
        precondition(rows.count == ids.count, "one id for each of the \(rows.count) rows")
        precondition(
            ids.allSatisfy { $0 >= 0 && Int($0) < vocabulary }, "ids must be in 0..<\(vocabulary)")
        let y = output(
            [ids.count, width], rows: rows, differentiable: table.isTrainable)
        if hasFailed { return y }
        backend.gatherRows(table.value.pointer, ids, width: width, into: y.pointer)
        record(y) { [backend] dy in
            if let scores = table.scores { return scores.keep(dy, ids: ids, rows.spans) }
            for (slot, range) in table.slotRanges(rows, count: ids.count) {
                let gradient = table.accumulator(slot: slot)
                if !gradient.adds { backend.zero(gradient.pointer, table.value.count) }
                backend.scatterAddRows(
                    dy.pointer + range.lowerBound * width, ids[range], width: width,
                    into: gradient.pointer)
            }
        }
        return y
    }
}
