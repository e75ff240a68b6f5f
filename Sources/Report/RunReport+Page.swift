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
            section("The run's own scores", finalSection),
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

    /// Under which terms the run was trained and is asked.
    private var terms: String {
        let scope =
            switch findings.scope {
            case .step: "step: a task pulls by its share of the rows"
            case .task: "task: a task pulls by the weight of its mean loss"
            }
        let shared = zip(spec.tasks, findings.isTaskKnown).filter { $1 == false }.map(\.0.name)
        var known = ""
        if findings.isTaskKnown.contains(true) {
            known += " A task with a head of its own is known when it is asked."
        }
        if !shared.isEmpty {
            known += " The model is not told the task among those that share a head: "
            known += shared.joined(separator: ", ") + "."
        }
        return "Loss scope \(scope)." + known
    }

    private func section(_ title: String, _ body: String) -> String {
        body.isEmpty ? "" : "<section>\n<h2>\(title)</h2>\n\(body)\n</section>"
    }

    private func summarySection(_ nextRun: JSON?) -> String {
        var body = "<p>\(Markup.escaped(summary))</p>" + Markup.note(terms)
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
}
