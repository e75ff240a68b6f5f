import Multitask
import Spec

extension RunReport {
    private var names: [String] { spec.tasks.map(\.name) }

    private func note(_ text: String) -> String {
        "<p class=\"note\">\(Markup.escaped(text))</p>"
    }

    private static func signed(_ share: Double?) -> String {
        guard let share, share.isFinite else { return "–" }
        return (share > 0 ? "+" : "") + "\(Figure.shown(100 * share)) %"
    }

    var baselineSection: String {
        guard !comparisons.isEmpty else { return "" }
        let rows = comparisons.map { comparison in
            let done = comparison.candidates.count(where: \.isComplete)
            return [comparison.baseline.words]
                + comparison.deltas.map(Self.signed) + [Self.signed(comparison.meanDelta)]
                + ["\(done) of \(comparison.candidates.count)"]
        }
        let sweeps = comparisons.compactMap { comparison -> String? in
            guard let weights = comparison.chosen?.spec.weighting?.tasks else { return nil }
            let shown = names.map { "\($0) \(Figure.shown(weights[$0] ?? 0))" }
            return "Tuned fixed weights, chosen on validation from "
                + "\(comparison.candidates.count) candidates, each trained as long as the run: "
                + shown.joined(separator: ", ") + "."
        }
        return Markup.table(["against"] + names + ["mean", "runs finished"], rows)
            + note(
                "How much better (+) or worse (−) this run is, relative to the baseline's score, "
                    + "so that tasks of different metrics may be averaged; on test rows where "
                    + "both have them, else on validation rows. "
                    + sweeps.joined(separator: " "))
    }

    var conflictSection: String {
        guard !findings.conflicts.isEmpty else { return "" }
        var cells = names.map { _ in names.map { _ in HeatMap.Cell(text: "", tint: nil) } }
        for conflict in findings.conflicts {
            let cell = HeatMap.Cell(
                text: Figure.shown(conflict.cosine), tint: conflict.cosine * 2,
                isMarked: conflict.isSignificant)
            cells[conflict.a][conflict.b] = cell
            cells[conflict.b][conflict.a] = cell
            if let within = conflict.withinA {
                cells[conflict.a][conflict.a] = HeatMap.Cell(text: Figure.shown(within))
            }
            if let within = conflict.withinB {
                cells[conflict.b][conflict.b] = HeatMap.Cell(text: Figure.shown(within))
            }
        }
        let map = HeatMap(
            title: "Mean cosine between the tasks' gradients", rows: names, columns: names,
            cells: cells)
        let rows = findings.conflicts.map { conflict in
            let (a, b) = (names[conflict.a], names[conflict.b])
            return [
                "\(a) and \(b)",
                "\(Figure.shown(conflict.cosine)) ± \(Figure.shown(conflict.cosineMargin))",
                Figure.shown(100 * conflict.shareOfSteps) + " %",
                conflict.effectOfA.map(Figure.shown) ?? "–",
                conflict.effectOfB.map(Figure.shown) ?? "–",
                conflict.isSignificant ? "yes" : "no",
            ]
        }
        return map.svg
            + note(
                "Cosines between tasks; on the diagonal between two halves of one task's rows, the "
                    + "measure of noise. Framed: opposed beyond noise.")
            + Markup.table(
                [
                    "tasks", "cosine", "steps in conflict",
                    "a step for the first adds to the other",
                    "and the other way", "beyond noise",
                ], rows)
    }

    var driftSection: String {
        let known = findings.drift.compactMap { layer in
            layer.latest.map { (Double(layer.layer), $0) }
        }
        guard !known.isEmpty else { return "" }
        let chart = LineChart(
            title: "Likeness to the start, layer by layer", xLabel: "layer (0: embeddings)",
            lines: [
                .init(name: "cosine", points: known.map { ($0.0, $0.1.cosine) }),
                .init(
                    name: "CKA",
                    points: known.compactMap { layer, drift in
                        drift.alignment.map { (layer, $0) }
                    }),
            ], covering: [1])
        return chart.svg
            + note(
                "Held-out examples' hidden states at step \(known[0].1.step), beside those before "
                    + "training: 1 is unchanged. Linear CKA does not see rotation and scale.")
    }

    var mapSection: String {
        guard let map, !map.tasks.isEmpty else { return "" }
        let explained = map.explained.map { Figure.shown(100 * $0) + " %" }
            .joined(separator: " and ")
        return ScatterPlot.legend(names)
            + pair(map.principal, map.tasks, "principal components")
            + note("The two principal components hold \(explained) of the variance.")
            + pair(map.neighbours, map.tasks, "t-SNE")
            + note(
                "Before and after are mapped together: the axes are the same. In t-SNE "
                    + "neighbourhoods mean something, distances and sizes do not.")
    }

    private func pair(
        _ points: RepresentationMap.Points, _ tasks: [Int], _ name: String
    ) -> String {
        func plane(_ rows: [[Double]]) -> [(x: Double, y: Double)] {
            rows.compactMap { $0.count == 2 ? (x: $0[0], y: $0[1]) : nil }
        }
        let (before, after) = (plane(points.before), plane(points.after))
        func plot(_ when: String, _ own: [(x: Double, y: Double)]) -> String {
            ScatterPlot(
                title: "\(name), \(when) training", extent: before + after,
                points: zip(own, tasks).map { (x: $0.x, y: $0.y, series: $1) }
            ).svg
        }
        return "<div class=\"pair\">\(plot("before", before))\(plot("after", after))</div>"
    }

    var shareSection: String {
        let shares = zip(names, findings.shares).compactMap { name, share in
            share.map { (name: name, value: $0, text: Figure.shown(100 * $0) + " %") }
        }
        let norms = zip(names, findings.norms).compactMap { name, norm in
            norm.map { (name: name, value: $0, text: Figure.shown($0)) }
        }
        var body = ""
        if !shares.isEmpty {
            body += "<h3>share of the rows trained on</h3>"
            body += BarChart(title: "Share of rows by task", bars: shares).svg
        }
        if !norms.isEmpty {
            body += "<h3>mean gradient norm</h3>"
            body += BarChart(title: "Gradient norm by task", bars: norms).svg
        }
        return body
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
    var sentence: String? {
        guard let meanDelta, meanDelta.isFinite else { return nil }
        let amount = "\(Figure.shown(abs(100 * meanDelta))) %"
        guard abs(meanDelta) >= 0.001 else {
            return "On average over the tasks the run is as good as \(baseline.words)."
        }
        return "On average over the tasks the run is \(amount) "
            + "\(meanDelta > 0 ? "better" : "worse") than \(baseline.words)."
    }
}
