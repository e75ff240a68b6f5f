import Multitask
import Spec

extension RunReport {
    private var names: [String] { spec.tasks.map(\.name) }

    /// What the run itself scored.
    var finalSection: String {
        let rows = zip(spec.tasks, zip(findings.final, findings.validationRows)).compactMap {
            task, found -> [String]? in
            guard let score = found.0 else { return nil }
            let isTest = score.split == "test"
            let count = found.1.map { "\($0) validation rows" } ?? "validation rows"
            return [
                task.name, task.metric, Figure.shown(score.value), isTest ? "test rows" : count,
            ]
        }
        guard !rows.isEmpty else { return "" }
        return Markup.table(["task", "metric", findings.when, "on"], rows)
    }

    var matrixSection: String {
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
        let metrics = zip(spec.tasks, findings.validationRows).map { task, rows in
            "\(task.name): \(task.metric)" + (rows.map { " of \($0) rows" } ?? "")
        }.joined(separator: ", ")
        return map.html
            + Markup.note(
                "Each task in its own metric (\(metrics)). Tinted by the change since before "
                    + "training; framed where the task was trained last.") + figures(matrix)
    }

    private func figures(_ matrix: ScoreMatrix) -> String {
        let noise = findings.forgettingNoise(spec)
        var rows: [[String]] = names.indices.compactMap { task in
            matrix.forgetting[task].map { lost in
                let chance = noise[task].map(Figure.shown) ?? "–"
                return ["forgetting of \(names[task])", Figure.shown(lost), chance]
            }
        }
        if findings.hasOneMetric {
            let trained = findings.isOver ? "" : ", of the tasks trained so far"
            let averages = [
                ("average \(findings.when) (ACC)\(trained)", matrix.averageFinal),
                ("backward transfer (BWT)", matrix.backwardTransfer),
                ("forward transfer (FWT)", matrix.forwardTransfer),
            ]
            rows += averages.compactMap { name, value in
                value.map { [name, Figure.shown($0), ""] }
            }
        }
        guard !rows.isEmpty else { return "" }
        return Markup.table(["figure", "value", "noise explains up to"], rows) + chance(matrix)
    }

    /// What forward transfer does not say.
    private func chance(_ matrix: ScoreMatrix) -> String {
        let new = findings.startsWithNewHead.filter { place in
            matrix.first[place].map { $0 <= matrix.rows.count } ?? false
        }
        guard !new.isEmpty, findings.hasOneMetric else { return "" }
        return Markup.note(
            "Forward transfer is chance by construction for "
                + new.map { names[$0] }.joined(separator: ", ")
                + ": a head of its own is new at its stage.")
    }

    /// One chart for each metric, since they have no common axis.
    var curveSection: String {
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

    func chart(
        _ title: String, _ lines: [LineChart.Line], covering: [Double] = []
    ) -> String {
        let svg = LineChart(title: title, xLabel: "step", lines: lines, covering: covering).svg
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
