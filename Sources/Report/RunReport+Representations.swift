import Multitask
import Spec

extension RunReport {
    private var names: [String] { spec.tasks.map(\.name) }

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
            + Markup.note(
                "Held-out examples' hidden states at step \(known[0].1.step), beside those before "
                    + "training: 1 is unchanged. Linear CKA does not see rotation and scale.")
    }

    var mapSection: String {
        guard let map, !map.tasks.isEmpty else { return "" }
        let explained = map.explained.map { Figure.shown(100 * $0) + " %" }
            .joined(separator: " and ")
        return ScatterPlot.legend(names)
            + pair(map.principal, map.tasks, "principal components")
            + Markup.note("The two principal components hold \(explained) of the variance.")
            + pair(map.neighbours, map.tasks, "t-SNE")
            + Markup.note(
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
}
