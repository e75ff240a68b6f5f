import Multitask
import Spec

extension RunReport {
    private var names: [String] { spec.tasks.map(\.name) }

    var baselineSection: String {
        guard !comparisons.isEmpty else { return "" }
        let rows = comparisons.map { comparison in
            let done = comparison.candidates.count(where: \.isComplete)
            let failed = comparison.candidates.count { $0.isOver && !$0.isComplete }
            let lost = failed > 0 ? ", \(failed) failed or cancelled" : ""
            return [comparison.baseline.words]
                + names.indices.map { Self.cell(comparison, $0) }
                + [Self.signed(comparison.meanDelta)]
                + ["\(done) of \(comparison.candidates.count)\(lost)"]
        }
        let sweeps = comparisons.compactMap { comparison -> String? in
            guard let weights = comparison.chosen?.spec.weighting?.tasks else { return nil }
            let shown = names.map { "\($0) \(Figure.shown(weights[$0] ?? 0))" }
            return "Tuned fixed weights, chosen on validation from "
                + "\(comparison.candidates.count(where: \.isComplete)) candidates, each trained as long as the run: "
                + shown.joined(separator: ", ") + "."
        }
        let isTrained = comparisons[0].isTrained
        let others = zip(names, isTrained).filter { !$1 }.map(\.0)
        let left =
            others.isEmpty
            ? []
            : ["The run does not train, and no mean has: \(others.joined(separator: ", "))."]
        let about =
            "How much better (+) or worse (−) this run is, relative to the baseline's score, so that "
            + "tasks of different metrics may be averaged; on test rows where both have them, "
            + "else on validation rows. Where the baseline scored about 0 nothing is relative to "
            + "it: both scores are given, and no mean."
        return Markup.table(["against"] + names + ["mean", "runs finished"], rows)
            + Markup.note(([about] + left + sweeps).joined(separator: " "))
    }

    private static func cell(_ comparison: BaselineComparison, _ task: Int) -> String {
        guard comparison.deltas[task] == nil, let own = comparison.ownScores[task],
            let other = comparison.baselineScores[task]
        else { return signed(comparison.deltas[task]) }
        return "\(Figure.shown(other)) → \(Figure.shown(own))"
    }

    private static func signed(_ share: Double?) -> String {
        guard let share, share.isFinite else { return "–" }
        return (share > 0 ? "+" : "") + "\(Figure.shown(100 * share)) %"
    }
}

extension Baseline {
    var words: String {
        switch self {
        case .singleTask: "each task alone"
        case .equal: "equal weights"
        case .tunedFixed: "tuned fixed weights"
        }
    }
}

extension BaselineComparison {
    /// The comparison in a sentence; `nil` until it is complete.
    func sentence(_ spec: RunSpec) -> String? {
        if let task = undefined.first, let own = ownScores[task], let other = baselineScores[task] {
            return "There is no mean difference to \(baseline.words): on \(spec.tasks[task].name) "
                + "they score \(Figure.shown(other)), too near 0 to be compared with, and the run "
                + "\(Figure.shown(own))."
        }
        guard let meanDelta, meanDelta.isFinite else { return nil }
        let amount = "\(Figure.shown(abs(100 * meanDelta))) %"
        guard abs(meanDelta) >= 0.001 else {
            return "On average over the tasks the run is as good as \(baseline.words)."
        }
        return "On average over the tasks the run is \(amount) "
            + "\(meanDelta > 0 ? "better" : "worse") than \(baseline.words)."
    }
}
