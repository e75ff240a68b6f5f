package import JSON
import Multitask
import Spec

extension RunReport {
    /// The report as one HTML page that needs nothing else.
    /// - Parameter nextRun: the body of the suggested run.
    package func page(nextRun: JSON?) -> String {
        let title = "\(spec.name): interference between its tasks"
        let sections = [
            section("Summary", summarySection(nextRun)),
            section("Scores after each stage", matrixSection),
            section("Held-out metrics while training", curveSection),
            section("Beside the baselines", baselineSection),
            section("Gradients: who opposes whom", conflictSection),
            section("How far representations moved", driftSection),
            section("Held-out examples before and after", mapSection),
            section("What each task got", shareSection),
        ]
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(Markup.escaped(title))</title>
            <style>\(PageStyle.css)</style>
            </head>
            <body>
            <main>
            <h1>\(Markup.escaped(spec.name))</h1>
            <p class="lead">How its \(spec.tasks.count) tasks interfere · run \(Markup.escaped(id)), \
            \(Markup.escaped(status))</p>
            \(sections.joined(separator: "\n"))
            </main>
            </body>
            </html>

            """
    }

    private func section(_ title: String, _ body: String) -> String {
        body.isEmpty ? "" : "<section>\n<h2>\(title)</h2>\n\(body)\n</section>"
    }

    private func note(_ text: String) -> String {
        "<p class=\"note\">\(Markup.escaped(text))</p>"
    }

    private func summarySection(_ nextRun: JSON?) -> String {
        var body = "<p>\(Markup.escaped(summary))</p>"
        guard let suggestion = findings.suggestion(spec) else { return body }
        body += "<p><strong>Try next:</strong> <code>\(Markup.escaped(suggestion.field))</code> "
        body += "with <code>\(Markup.escaped(suggestion.method.method))</code>, because "
        body += "\(Markup.escaped(suggestion.reason)).</p>"
        if let nextRun {
            body += "<details><summary>The body for POST /v1/runs</summary>"
            body += "<pre>\(Markup.escaped(nextRun.indented()))</pre></details>"
        }
        return body
    }

    private var names: [String] { spec.tasks.map(\.name) }

    private var matrixSection: String {
        guard let base = findings.base, let matrix = findings.matrix else { return "" }
        let labels = findings.rows.map { row in
            let trained = spec.stagePlaces[min(row.stage, spec.stagePlaces.count) - 1]
            return "after \(row.stage): " + trained.map { names[$0] }.joined(separator: ", ")
        }
        let cells = ([base] + findings.rows.map(\.scores)).enumerated().map { place, scores in
            scores.enumerated().map { task, score in
                let gain = spec.tasks[task].judgedBy.gain(score, over: base[task])
                return HeatMap.Cell(
                    text: Figure.shown(score), tint: place == 0 ? nil : gain,
                    isMarked: matrix.learnt[task] == place - 1)
            }
        }
        let map = HeatMap(
            title: "Scores of every task after each stage", rows: ["before training"] + labels,
            columns: names, cells: cells)
        let metrics = spec.tasks.map { "\($0.name): \($0.metric)" }.joined(separator: ", ")
        return map.svg
            + note(
                "Each task in its own metric (\(metrics)). Tinted by the change since before "
                    + "training; framed where the task was trained last.") + figures(matrix)
    }

    private func figures(_ matrix: ScoreMatrix) -> String {
        var rows: [[String]] = zip(names, matrix.forgetting).compactMap { name, lost in
            lost.map { ["forgetting of \(name)", Figure.shown($0)] }
        }
        if findings.hasOneMetric {
            let averages = [
                ("average at the end (ACC)", matrix.averageFinal),
                ("backward transfer (BWT)", matrix.backwardTransfer),
                ("forward transfer (FWT)", matrix.forwardTransfer),
            ]
            rows += averages.compactMap { name, value in
                value.map { [name, Figure.shown($0)] }
            }
        }
        return rows.isEmpty ? "" : Markup.table(["figure", "value"], rows)
    }

    /// One chart for each metric, since they have no common axis.
    private var curveSection: String {
        let metrics = spec.tasks.map(\.metric)
        let distinct = metrics.indices.filter { metrics.firstIndex(of: metrics[$0]) == $0 }
        var body = distinct.map { place in
            let metric = metrics[place]
            let lines = spec.tasks.filter { $0.metric == metric }.map { task in
                line(task.name) {
                    $0.task == task.name && $0.name == metric && $0.split == "validation"
                }
            }
            return chart("\(metric) on held-out rows", lines)
        }.joined()
        body += chart(
            "mean training loss",
            names.map { name in
                thinned(line(name) { $0.task == name && $0.name == "loss" && $0.split == "train" })
            })
        return body
    }

    private func chart(_ title: String, _ lines: [LineChart.Line]) -> String {
        let svg = LineChart(title: title, xLabel: "step", lines: lines).svg
        return svg.isEmpty ? "" : "<h3>\(Markup.escaped(title))</h3>\(svg)"
    }

    private func line(_ name: String, _ isIn: (MetricPoint) -> Bool) -> LineChart.Line {
        LineChart.Line(
            name: name,
            points: points.filter(isIn).sorted { $0.step < $1.step }
                .map { (x: Double($0.step), y: $0.value) })
    }

    /// Means of neighbours, so that a long run's page stays small.
    private func thinned(_ line: LineChart.Line) -> LineChart.Line {
        let size = max(1, (line.points.count + 199) / 200)
        guard size > 1 else { return line }
        let means = stride(from: 0, to: line.points.count, by: size).map { start in
            let part = line.points[start..<min(start + size, line.points.count)]
            let count = Double(part.count)
            return (
                x: part.reduce(0) { $0 + $1.x } / count, y: part.reduce(0) { $0 + $1.y } / count
            )
        }
        return LineChart.Line(name: line.name, points: means)
    }
}
