/// Any number of labels a row, predicted where the probability is at least one half: F1 over all
/// decisions (micro), its mean over the labels (macro; 0 for a label without a hit), and the share
/// of rows with exactly the right labels.
struct LabelMeasure: Measure {
    private struct Counts {
        var hits = 0
        /// Truths and predictions together.
        var named = 0

        var f1: Double { named == 0 ? 0 : 2 * Double(hits) / Double(named) }
    }

    private var labels: [Counts]
    private var rows = 0
    private var exact = 0

    init(count: Int) { labels = Array(repeating: Counts(), count: count) }

    mutating func add(_ example: Example, outputs: [Float]) {
        rows += 1
        var isExact = true
        for (label, (truth, output)) in zip(example.values, outputs).enumerated() {
            let (isTrue, isPredicted) = (truth > 0.5, output >= 0)
            labels[label].named += (isTrue ? 1 : 0) + (isPredicted ? 1 : 0)
            labels[label].hits += isTrue && isPredicted ? 1 : 0
            isExact = isExact && isTrue == isPredicted
        }
        if isExact { exact += 1 }
    }

    func values(loss: Double) -> [(name: String, value: Double)] {
        let all = labels.reduce(into: Counts()) {
            $0.hits += $1.hits
            $0.named += $1.named
        }
        return [
            ("micro_f1", all.f1),
            ("macro_f1", labels.reduce(0) { $0 + $1.f1 } / Double(labels.count)),
            ("subset_accuracy", Double(exact) / Double(rows)),
        ]
    }
}
