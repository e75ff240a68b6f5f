import Spec

/// A run's points by task, name and split, each list in the order in which they came.
struct MetricIndex {
    private struct Key: Hashable {
        var task: String
        var name: String
        var split: String
    }

    private var found: [Key: [MetricPoint]] = [:]

    init(_ points: [MetricPoint]) {
        for point in points {
            let key = Key(task: point.task, name: point.name, split: point.split)
            found[key, default: []].append(point)
        }
    }

    subscript(task: String, name: String, split: String) -> [MetricPoint] {
        found[Key(task: task, name: name, split: split)] ?? []
    }

    /// Those of the split diagnosis that are finite, by step.
    func measured(_ task: String, _ name: String) -> [MetricPoint] {
        self[task, name, InterferenceReport.split].filter(\.value.isFinite)
            .sorted { $0.step < $1.step }
    }
}
