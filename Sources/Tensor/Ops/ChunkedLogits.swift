// The output of a language model, `[N, V]`, is too large to keep: a chunk of it exists until its
// gradients are formed, which is at once, for the losses' weights are known in the forward pass.

extension Tape {
    /// Rows whose logits exist at the same time.
    static let logitRowsMax = 256

    /// Shows the logits x·Wᵀ chunk by chunk to `body`, which answers its rows' losses and, when
    /// recording, leaves their gradient where the logits were. That of W is accumulated here already,
    /// that of x is kept `[N, D]` until `backward()`.
    func chunkedLogits(
        _ x: Tensor, _ weight: Parameter,
        _ body: (_ rows: Range<Int>, _ logits: Floats) -> [Float]
    ) -> [Float] {
        let (n, inputs, classes) = (x.rowCount, x.width, weight.value.rowCount)
        precondition(weight.value.width == inputs, "\(weight.name) takes \(weight.value.width)")
        let cell = isRecording ? x.cell : nil
        let wantsWeight = isRecording && weight.isTrainable
        let dx = cell.map { _ in Tensor(x.shape, backend: backend) }
        // Scores are of a sample's rows together, and of all uses of W.
        let scores = wantsWeight ? weight.scores : nil
        let size = max(1, scores == nil ? min(n, Self.logitRowsMax) : n)
        let logits = Tensor([size, classes], backend: backend)
        if hasFailed { return [Float](repeating: .nan, count: n) }

        var losses: [Float] = []
        losses.reserveCapacity(n)
        for start in stride(from: 0, to: n, by: size) {
            let range = start..<min(start + size, n)
            backend.multiply(
                Product(
                    x.pointer + start * inputs, weight.value.pointer, transposeB: true,
                    into: logits.pointer, m: range.count, n: classes, k: inputs))
            losses += body(range, logits.pointer)
            if let dx {
                backend.multiply(
                    Product(
                        logits.pointer, weight.value.pointer, into: dx.pointer + start * inputs,
                        m: range.count, n: inputs, k: classes))
            }
            if wantsWeight, scores == nil {
                accumulate(logits.pointer, x, rows: range, into: weight)
            }
        }
        scores?.keep(logits, x, weight.samples(x.rows, count: n))
        if let cell, let dx { recordSeed { cell.add(dx) } }
        return losses
    }

    private func accumulate(
        _ gradient: Floats, _ x: Tensor, rows chunk: Range<Int>, into weight: Parameter
    ) {
        let (inputs, classes) = (x.width, weight.value.rowCount)
        for (slot, all) in weight.slotRanges(x.rows, count: x.rowCount) {
            let rows = all.clamped(to: chunk)
            if rows.isEmpty { continue }
            let target = weight.accumulator(slot: slot)
            backend.multiply(
                Product(
                    gradient + (rows.lowerBound - chunk.lowerBound) * classes, transposeA: true,
                    x.pointer + rows.lowerBound * inputs, into: target.pointer, m: classes,
                    n: inputs, k: rows.count, accumulate: target.adds))
        }
    }
}
