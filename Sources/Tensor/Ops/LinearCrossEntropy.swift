import Glibc

extension Tape {
    /// Cross-entropy of x·Wᵀ without keeping the `[N, V]` logits. Returns each row's unweighted
    /// loss.
    ///
    /// - Parameter observing: shown each row's logits, for whoever wants more of them than a loss.
    package func linearCrossEntropy(
        _ x: Tensor, _ weight: Parameter, targets: [Int32], weights: [Float],
        observing: ((_ row: Int, _ logits: UnsafeBufferPointer<Float>) -> Void)? = nil
    ) -> [Float] {
        let classes = weight.value.rowCount
        checkTargets(targets, weights, rows: x.rowCount, classes: classes)
        let wantsGradient = isRecording && (x.cell != nil || weight.isTrainable)
        return chunkedLogits(x, weight) { rows, logits in
            if let observing {
                for (place, row) in rows.enumerated() {
                    observing(
                        row,
                        UnsafeBufferPointer(start: logits + place * classes, count: classes))
                }
            }
            return backend.crossEntropy(
                logits, classes: classes, targets: targets[rows],
                weights: wantsGradient ? weights[rows] : nil)
        }
    }

    /// As above, with each row's target drawn from the softmax itself: the class in which
    /// `uniforms` (one number in 0…1 a row) falls on the cumulative distribution.
    package func linearCrossEntropy(
        _ x: Tensor, _ weight: Parameter, drawnBy uniforms: [Double], weights: [Float]
    ) -> [Float] {
        let classes = weight.value.rowCount
        precondition(uniforms.count == x.rowCount && weights.count == x.rowCount)
        return chunkedLogits(x, weight) { rows, logits in
            let losses = probabilities(logits, classes: classes, rows: rows.count)
            return rows.enumerated().map { place, row in
                let p = logits + place * classes
                var (drawn, left) = (0, uniforms[row])
                for c in 0..<classes {
                    left -= Double(p[c])
                    // Rounding may leave a little: then it is the last class that has any.
                    if p[c] > 0 { drawn = c }
                    if left < 0 { break }
                }
                let loss = drawn == 0 ? losses[place] : -logf(p[drawn])
                p[drawn] -= 1
                backend.scale(p, by: weights[row], into: p, classes)
                return loss
            }
        }
    }

    /// Softmax in place of the logits; answers −log of each row's class 0.
    func probabilities(_ logits: Floats, classes: Int, rows: Int) -> [Float] {
        let losses = backend.crossEntropy(
            logits, classes: classes, targets: [Int32](repeating: 0, count: rows)[...],
            weights: [Float](repeating: 1, count: rows)[...])
        // The kernel leaves p − 1 there, from which a small p cannot be had back.
        for row in 0..<rows { logits[row * classes] = expf(-losses[row]) }
        return losses
    }
}
