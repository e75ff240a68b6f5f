extension Tape {
    /// `[N, in]`, weight `[out, in]` → `[N, out]`: x·Wᵀ + b.
    ///
    /// A task's weight gradient is dW_t = dY_tᵀ·X_t over its own rows, so per-task gradients cost
    /// the same multiplications as one for all. Rows with an adapter for W get its part added.
    package func linear(_ x: Tensor, _ weight: Parameter, bias: Parameter? = nil) -> Tensor {
        let (n, inputs, outputs) = (x.rowCount, x.width, weight.value.rowCount)
        precondition(
            weight.value.width == inputs,
            "\(weight.name) takes \(weight.value.width), not \(inputs)")
        let y = output(
            [n, outputs], rows: x.rows,
            differentiable: x.cell != nil || weight.isTrainable || (bias?.isTrainable ?? false)
                || LowRankPass.isTrainable(weight, x.rows))
        if hasFailed { return y }
        backend.multiply(
            Product(
                x.pointer, weight.value.pointer, transposeB: true, into: y.pointer, m: n,
                n: outputs, k: inputs))
        if let bias {
            backend.addBias(y.pointer, bias.value.pointer, rows: n, columns: outputs)
        }
        let lowRank = LowRankPass(x, weight, into: y, backend: backend)
        let (cell, shape, rows) = (x.cell, x.shape, x.rows)
        let saved = weight.isTrainable || lowRank != nil ? x.saved : nil
        record(y) { [backend] dy in
            if let saved, weight.isTrainable { weight.accumulate(dy, saved(), rows: rows) }
            if let bias, bias.isTrainable {
                for (slot, range) in bias.slotRanges(rows, count: n) {
                    let target = bias.accumulator(slot: slot)
                    backend.columnSums(
                        dy.pointer + range.lowerBound * outputs, rows: range.count,
                        columns: outputs, into: target.pointer, accumulate: target.adds)
                }
            }
            cell?.receive(shape: shape, backend: backend) { dx in
                backend.multiply(
                    Product(
                        dy.pointer, weight.value.pointer, into: dx.pointer, m: n, n: inputs,
                        k: outputs, accumulate: dx.adds))
                if let saved { lowRank?.backward(dy, x: saved, dx: dx.pointer) }
            }
            if cell == nil, let saved { lowRank?.backward(dy, x: saved, dx: nil) }
        }
        return y
    }
}

extension Parameter {
    /// dW_t (+)= dY_tᵀ·X_t for each task's rows.
    func accumulate(_ dy: Tensor, _ x: Tensor, rows: RowSpace?) {
        if let scores { return scores.add(dy, x, samples(rows, count: x.rowCount)) }
        let (outputs, inputs) = (value.rowCount, value.width)
        for (slot, range) in slotRanges(rows, count: x.rowCount) {
            let target = accumulator(slot: slot)
            value.backend.multiply(
                Product(
                    dy.pointer + range.lowerBound * outputs, transposeA: true,
                    x.pointer + range.lowerBound * inputs, into: target.pointer, m: outputs,
                    n: inputs, k: range.count, accumulate: target.adds))
        }
    }
}
