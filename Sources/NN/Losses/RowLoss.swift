package import Tensor

/// What a head should have answered, row by row, and with it the loss.
package enum RowLoss: Sendable, Equatable {
    /// One class of each row: softmax cross-entropy.
    case classes([Int32])
    /// 0 to 1 for each row and label, row-major: cross-entropy of sigmoids, mean over the labels.
    case labels([Float])
    /// A number for each row and output, row-major: squared error, mean over the outputs.
    case values([Float])

    /// Each row's unweighted loss of `[N, C]` outputs; in `backward()` row n is seeded with
    /// weights[n]·∂lossₙ. weights may be empty when not recording.
    package func callAsFunction(_ outputs: Tensor, weights: [Float], on tape: Tape) -> [Float] {
        switch self {
        case .classes(let targets):
            return tape.crossEntropy(outputs, targets: targets, weights: weights)
        case .labels(let targets):
            return mean(.sigmoidCrossEntropy, outputs, targets, weights, tape)
        case .values(let targets):
            return mean(.squaredError, outputs, targets, weights, tape)
        }
    }

    private func mean(
        _ loss: ColumnLoss, _ outputs: Tensor, _ targets: [Float], _ weights: [Float], _ tape: Tape
    ) -> [Float] {
        let share = 1 / Float(max(outputs.shape[1], 1))
        return tape.columnLoss(
            loss, outputs, targets: targets, weights: weights.map { share * $0 }
        ).map { share * $0 }
    }
}
