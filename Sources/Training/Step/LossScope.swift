/// How rows' losses add up to the loss of an optimiser step. A row's loss is the mean over its
/// targets. Denominators are counted over the whole step, whatever pieces it is computed in.
package enum LossScope: Sendable, Equatable {
    /// Σ row losses ÷ rows in the step: a task's pull is its share of the rows.
    case step
    /// Σ wₜ · (mean of task t's row losses in the step).
    case task(weights: [Double])

    /// The weight of each row's loss, for the rows' tasks in order.
    package func rowWeights(tasks: [Int]) -> [Double] {
        switch self {
        case .step:
            return tasks.map { _ in 1 / Double(tasks.count) }
        case .task(let weights):
            var counts = weights.map { _ in 0 }
            for task in tasks { counts[task] += 1 }
            return tasks.map { weights[$0] / Double(counts[$0]) }
        }
    }
}
