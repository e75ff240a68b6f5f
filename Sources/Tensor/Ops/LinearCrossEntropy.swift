// The language-model loss. The logits of a chunk of rows exist only until that chunk's gradients
// are formed, which is at once: the weights of the losses are known in the forward pass.

extension Tape {
    /// Rows whose logits exist at the same time.
    static let logitRowsMax = 256

    /// Cross-entropy of x·Wᵀ without keeping the `[N, V]` logits: computed in row chunks. Returns
    /// each row's unweighted loss. When recording, the gradient of W is accumulated here already,
    /// that of x is kept `[N, D]` until `backward()`.
    package func linearCrossEntropy(
        _ x: Tensor, _ weight: Parameter, targets: [Int32], weights: [Float]
    ) -> [Float] {
        let (n, inputs, classes) = (x.rowCount, x.width, weight.value.rowCount)
        precondition(weight.value.width == inputs, "\(weight.name) takes \(weight.value.width)")
        checkTargets(targets, weights, rows: n, classes: classes)
        let cell = isRecording ? x.cell : nil
        let wantsWeight = isRecording && weight.isTrainable
        let wantsGradient = cell != nil || wantsWeight
        let dx = cell.map { _ in Tensor(x.shape, backend: backend) }
        let logits = Tensor([min(n, Self.logitRowsMax), classes], backend: backend)
        if hasFailed { return [Float](repeating: .nan, count: n) }

        var losses: [Float] = []
        losses.reserveCapacity(n)
        for (slot, range) in chunks(weight, x.rows, count: n) {
            let from = x.pointer + range.lowerBound * inputs
            backend.multiply(
                Product(
                    from, weight.value.pointer, transposeB: true, into: logits.pointer,
                    m: range.count, n: classes, k: inputs))
            losses += backend.crossEntropy(
                logits.pointer, classes: classes, targets: targets[range],
                weights: wantsGradient ? weights[range] : nil)
            if let dx {
                backend.multiply(
                    Product(
                        logits.pointer, weight.value.pointer,
                        into: dx.pointer + range.lowerBound * inputs, m: range.count, n: inputs,
                        k: classes))
            }
            if wantsWeight {
                let target = weight.accumulator(slot: slot)
                backend.multiply(
                    Product(
                        logits.pointer, transposeA: true, from, into: target.pointer, m: classes,
                        n: inputs, k: range.count, accumulate: target.adds))
            }
        }
        if let cell, let dx { recordSeed { cell.add(dx) } }
        return losses
    }

    private func chunks(
        _ weight: Parameter, _ rows: RowSpace?, count: Int
    ) -> [(slot: Int, rows: Range<Int>)] {
        weight.slotRanges(rows, count: count).flatMap { slot, range in
            stride(from: range.lowerBound, to: range.upperBound, by: Self.logitRowsMax).map {
                (slot, $0..<min($0 + Self.logitRowsMax, range.upperBound))
            }
        }
    }
}
