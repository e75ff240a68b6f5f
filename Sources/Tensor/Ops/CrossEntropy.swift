extension Tape {
    /// Softmax cross-entropy of logits `[N, C]`. Returns each row's unweighted loss; in
    /// `backward()` row n is seeded with weights[n]·∂lossₙ. weights may be empty when not
    /// recording.
    package func crossEntropy(
        _ logits: Tensor, targets: [Int32], weights: [Float]
    ) -> [Float] {
        let (n, classes) = (logits.rowCount, logits.width)
        checkTargets(targets, weights, rows: n, classes: classes)
        let scratch = Tensor(logits.shape, backend: backend)
        if hasFailed { return [Float](repeating: .nan, count: n) }
        backend.copy(logits.pointer, to: scratch.pointer, logits.count)
        guard isRecording, let cell = logits.cell else {
            return backend.crossEntropy(
                scratch.pointer, classes: classes, targets: targets[...], weights: nil)
        }
        let losses = backend.crossEntropy(
            scratch.pointer, classes: classes, targets: targets[...], weights: weights[...])
        recordSeed { cell.add(scratch) }
        return losses
    }

    func checkTargets(_ targets: [Int32], _ weights: [Float], rows: Int, classes: Int) {
        precondition(targets.count == rows, "one target for each of the \(rows) rows")
        precondition(
            weights.count == rows || (weights.isEmpty && !isRecording), "one weight for each row")
        precondition(
            targets.allSatisfy { $0 >= 0 && Int($0) < classes },
            "targets must be in 0..<\(classes)")
    }
}
