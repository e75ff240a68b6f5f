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

    /// Shares of items that are each right or wrong.
    private static let counts: Set<String> = ["accuracy", "subset_accuracy"]

    package var largerIsBetter: Bool { !Self.smallerIsBetter.contains(name) }

    /// A share of 1 (accuracy, F1, a correlation), whose differences are told in points; others
    /// are told relative to what they are compared with.
    package var isShare: Bool { largerIsBetter && !Self.unbounded.contains(name) }

    /// Whether each of the items that it looks at is right or wrong.
    package var countsItems: Bool { Self.counts.contains(name) }

    /// How much better `value` is than `reference`, in the metric's own units. Negative where it is
    /// worse.
    package func difference(_ value: Double, over reference: Double) -> Double {
        largerIsBetter ? value - reference : reference - value
    }

    /// How much better `value` is than `reference`: points of a share, else relative to the
    /// reference's size. Negative where it is worse.
    package func gain(_ value: Double, over reference: Double) -> Double {
        let difference = difference(value, over: reference)
        return isShare ? difference : difference / max(abs(reference), 1e-9)
    }

    /// A score below this is about 0, and nothing can be told relative to it: a hundredth of a
    /// share or of BLEU. An error has the scale of its data.
    private var referenceMin: Double { largerIsBetter ? 0.01 : 1e-9 }

    /// As `gain`, relative for every metric: the one scale on which tasks of different metrics may
    /// be averaged (the Δ of Maninis et al., 1904.08918, eq. 4). `nil` where the reference is
    /// about 0: the quotient would be any size.
    package func relativeGain(_ value: Double, over reference: Double) -> Double? {
        guard abs(reference) >= referenceMin else { return nil }
        return difference(value, over: reference) / abs(reference)
    }
}

extension TaskSpec {
    /// The metric that the task is judged by.
    package var judgedBy: TaskMetric { TaskMetric(metric) }

    /// Whether the score is a share of the held-out rows, each right or wrong, so that its noise is
    /// binomial. Words of one row are not independent.
    package var scoreCountsRows: Bool {
        judgedBy.countsItems && kind != .tokenClassification
    }
}
