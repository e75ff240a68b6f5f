import Spec

/// How much of a run's training each task got.
struct TrainingShares {
    /// Rows over the run, by task; `nil` where the run did not count them.
    let rows: [Int?]
    /// The share of all rows that the run trained on, by task.
    let shares: [Double?]
    /// By epoch and task: the share of the epoch's rows or, in the loss scope `task`, of the weights
    /// of the tasks that had rows.
    private let pulls: [Int: [Double]]

    init(_ spec: RunSpec, _ index: MetricIndex) {
        let counted = Self.epochs(spec, index, InterferenceReport.rowsSampled)
        // Runs from before rows were counted: the share of what the sampler drew, by epoch.
        let known = counted.isEmpty ? Self.epochs(spec, index, "sample_share") : counted
        let epochs = known.mapValues { $0.map(\.sum) }
        let all = spec.tasks.indices.map { task in
            epochs.values.reduce(0) { $0 + $1[task] }
        }
        let shares = Self.shares(all)
        rows = all.map { counted.isEmpty ? nil : Int($0) }
        self.shares = all.indices.map { shares?[$0] }
        let scope = InterferenceReport.Scope(spec)
        let weights = scope == .task ? Self.epochs(spec, index, "loss_weight") : [:]
        pulls = epochs.reduce(into: [:]) { pulls, epoch in
            let pulling = epoch.value.indices.map { task in
                guard scope == .task, epoch.value[task] > 0 else { return epoch.value[task] }
                // Without a weighting all weights are one.
                return weights[epoch.key]?[task].mean ?? 1
            }
            pulls[epoch.key] = Self.shares(pulling)
        }
    }

    /// The share of a step's loss that is the task's, in an epoch; `nil` before the epoch's rows
    /// were counted.
    func pull(_ task: Int, epoch: Int) -> Double? { pulls[epoch]?[task] }

    private static func shares(_ values: [Double]) -> [Double]? {
        let sum = values.reduce(0, +)
        return sum > 0 ? values.map { $0 / sum } : nil
    }

    private struct Total {
        var sum = 0.0
        var count = 0
        var mean: Double { sum / Double(max(1, count)) }
    }

    /// By epoch and task: what the split `train` has under a name.
    private static func epochs(
        _ spec: RunSpec, _ index: MetricIndex, _ name: String
    ) -> [Int: [Total]] {
        let none = spec.tasks.map { _ in Total() }
        var found: [Int: [Total]] = [:]
        for (place, task) in spec.tasks.enumerated() {
            for point in index[task.name, name, "train"] where point.value.isFinite {
                found[point.epoch, default: none][place].sum += point.value
                found[point.epoch, default: none][place].count += 1
            }
        }
        return found
    }
}
