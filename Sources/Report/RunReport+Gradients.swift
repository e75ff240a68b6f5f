import Multitask
import Spec

extension RunReport {
    private var names: [String] { spec.tasks.map(\.name) }

    var conflictSection: String {
        guard !findings.conflicts.isEmpty else { return "" }
        return conflictMap.html
            + Markup.note(
                "Cosines between tasks; on the diagonal between two halves of one task's rows, the "
                    + "measure of noise. Framed: opposed beyond noise.") + conflictTable
            + cosineChart
    }

    private var conflictMap: HeatMap {
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
        return HeatMap(
            title: "Mean cosine between the tasks' gradients", rows: names, columns: names,
            cells: cells)
    }

    private var conflictTable: String {
        let shown = lowestConflicts(20)
        let rows = shown.map { conflict in
            [
                "\(names[conflict.a]) and \(names[conflict.b])",
                "\(Figure.shown(conflict.cosine)) ± \(Figure.shown(conflict.cosineMargin))",
                conflict.shareOfSteps.map { Figure.shown(100 * $0) + " %" } ?? "–",
                conflict.isTestable
                    ? conflict.isSignificant ? "yes" : "no"
                    : "too few (\(conflict.measurements)) to tell",
                conflict.effect.map(Figure.shown) ?? "–",
                conflict.pressureOfA.map(Figure.shown) ?? "–",
                conflict.pressureOfB.map(Figure.shown) ?? "–",
            ]
        }
        return Markup.table(
            [
                "tasks", "cosine", "steps in conflict", "beyond noise",
                "a step for either adds to the other's loss", "pressure of the first",
                "pressure of the second",
            ], rows)
            + Markup.note(
                "A step's effect is the same both ways, to first order. The pressure is that effect "
                    + "times the share of the loss that a task had when it was measured: of two "
                    + "tasks that oppose each other, the one with more pressure hurts the other. "
                    + others(than: shown))
    }

    /// The pairs that oppose each other most.
    private func lowestConflicts(_ count: Int) -> [InterferenceReport.Conflict] {
        Array(findings.conflicts.sorted { $0.cosine < $1.cosine }.prefix(count))
    }

    private func others(than shown: [InterferenceReport.Conflict]) -> String {
        let left = findings.conflicts.count - shown.count
        return left > 0 ? "The lowest cosines; \(left) more pairs are in the JSON." : ""
    }

    /// The pairs that oppose each other most, as many as colours tell apart.
    private var cosineChart: String {
        let shown = lowestConflicts(8)
        let lines = shown.map { pair in
            line(
                "\(Markup.short(names[pair.a], 9)) · \(Markup.short(names[pair.b], 9))",
                pair.history)
        }
        return chart("cosine over time", lines, covering: [0])
            + Markup.note(others(than: shown))
    }

    private func line(
        _ name: String, _ history: [InterferenceReport.Measurement]
    ) -> LineChart.Line {
        LineChart.Line(name: name, points: history.map { (x: Double($0.step), y: $0.value) })
    }

    var shareSection: String {
        let shares = names.indices.compactMap { place in
            findings.shares[place].map { share in
                let rows = findings.rowsTrained[place].map { " (\($0) rows)" } ?? ""
                return (
                    name: names[place], value: share, text: Figure.shown(100 * share) + " %" + rows
                )
            }
        }
        let norms = zip(names, findings.norms).compactMap { name, norm in
            norm.map { (name: name, value: $0, text: Figure.shown($0)) }
        }
        var body = ""
        if !shares.isEmpty {
            let isCounted = findings.rowsTrained.contains { $0 != nil }
            body +=
                "<h3>share of the rows \(isCounted ? "trained on" : "drawn, mean over epochs")</h3>"
            body += BarChart(title: "Share of rows by task", bars: shares).svg
            if isCounted {
                body += Markup.note("Over all epochs, rows replayed from earlier tasks included.")
            }
        }
        if !norms.isEmpty {
            body += "<h3>mean gradient norm</h3>"
            body += BarChart(title: "Gradient norm by task", bars: norms).svg
            body += chart(
                "gradient norm over time",
                zip(names, findings.normHistory).map { line($0, $1) }, covering: [0])
        }
        return body
    }
}
