// What a metric's name says of its values: the one place that knows which way is better, and
// which values are shares.

/// A metric by its name.
package struct TaskMetric: Sendable, Equatable {
    package let name: String

    package init(_ name: String) { self.name = name }

    /// Errors and losses; every other metric is better the larger it is.
    private static let smallerIsBetter: Set<String> = [
        "loss", "perplexity", "mse", "rmse", "mae", "error",
    ]
    /// Larger is better, without being a share of 1.
    private static let unbounded: Set<String> = ["bleu", "chrf"]

    package var largerIsBetter: Bool { !Self.smallerIsBetter.contains(name) }

    /// A share of 1 (accuracy, F1, a correlation), whose differences are told in points; others
    /// are told relative to what they are compared with.
    package var isShare: Bool { largerIsBetter && !Self.unbounded.contains(name) }

    /// How much better `value` is than `reference`: points of a share, else relative to the
    /// reference's size. Negative where it is worse.
    package func gain(_ value: Double, over reference: Double) -> Double {
        let difference = largerIsBetter ? value - reference : reference - value
        return isShare ? difference : difference / max(abs(reference), 1e-9)
    }

    /// As `gain`, relative for every metric: the one scale on which tasks of different metrics may
    /// be averaged (the Δ of Maninis et al., 1904.08918, eq. 4).
    package func relativeGain(_ value: Double, over reference: Double) -> Double {
        let difference = largerIsBetter ? value - reference : reference - value
        return difference / max(abs(reference), 1e-9)
    }
}

extension TaskSpec {
    /// The metric that the task is judged by.
    package var judgedBy: TaskMetric { TaskMetric(metric) }
}
