package import Spec

/// What a metric is called elsewhere.
package enum MetricName {
    /// `sentiment/accuracy`; those of the whole run under `run`. Trackers group by what comes before
    /// the slash.
    package static func grouped(_ point: MetricPoint) -> String {
        "\(point.task.isEmpty ? "run" : point.task)/\(point.name)"
    }

    /// As `grouped`, with the split in front of the metric, for trackers that keep all splits of a
    /// run together: `sentiment/validation_accuracy`. Only held-out rows need one: what training and
    /// diagnosis measure has names of its own.
    package static func withSplit(_ point: MetricPoint) -> String {
        let split = ["validation", "test"].contains(point.split) ? "\(point.split)_" : ""
        return "\(point.task.isEmpty ? "run" : point.task)/\(split)\(point.name)"
    }
}
