import Foundation
import JSON
import Spec
import Store

extension ModelCard {
    /// The README.md of an export, with the front matter that model hubs read.
    package var markdown: String {
        var lines = ["---"]
        if let license { lines.append("license: \(Self.quoted(license))") }
        if let base { lines.append("base_model: \(Self.quoted(base.name))") }
        lines += [
            "library_name: transformers", "tags: [polytask]", "---", "", "# \(model.name)", "",
        ]
        lines.append(
            run == nil
                ? "A pretrained model, as it was imported."
                : "Fine-tuned on \(tasks.count) task\(tasks.count == 1 ? "" : "s") at once.")
        lines += ["", "| | |", "|---|---|"]
        func row(_ name: String, _ value: String?) {
            if let value { lines.append("| \(name) | \(value) |") }
        }
        row("architecture", model.summary["architecture"]?.string)
        row("parameters", model.summary["parameters"]?.integer.map { "\($0)" })
        row("context", model.summary["context_length"]?.integer.map { "\($0) tokens" })
        row("licence", license ?? "not stated; the licence of the base model holds")
        row("base model", base?.name)
        row("SHA-256 of the base", model.baseSHA256)
        row("SHA-256 of the weights", model.weightsSHA256)
        row("source", source)
        lines += taskLines + trainingLines
        lines += [
            "",
            "Heads that Transformers does not know (classification, regression…) are in "
                + "`heads.safetensors`, a linear layer on the pooled hidden state for each task.",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private var source: String? {
        guard let source = model.summary["source"] else { return nil }
        return [source["kind"]?.string, source["hub"]?.string, source["revision"]?.string]
            .compactMap(\.self).joined(separator: " ")
    }

    private var taskLines: [String] {
        guard !tasks.isEmpty else { return [] }
        var lines = [
            "", "## Tasks", "", "| task | kind | rows | data (SHA-256) | scores |",
            "|---|---|---|---|---|",
        ]
        for task in tasks {
            let name = task["name"]?.string ?? ""
            let data = task["data"]
            let own = scores.filter { $0.task == name }.map {
                "\($0.name) \(String(format: "%.4g", $0.value)) (\($0.split))"
            }
            let cells = [
                name, task["kind"]?.string ?? "", data?["rows"]?.integer.map { "\($0)" } ?? "",
                data?["sha256"]?.string.map { "`\($0)`" } ?? "", own.joined(separator: ", "),
            ]
            lines.append("| \(cells.joined(separator: " | ")) |")
            let labels = (task["labels"]?.array ?? []).compactMap(\.string)
            if !labels.isEmpty, labels.allSatisfy({ Identifier.isValid($0) }) {
                lines.append("| | labels: \(labels.joined(separator: ", ")) | | | |")
            }
        }
        return lines
    }

    private var trainingLines: [String] {
        guard let run else { return [] }
        let spec = run.spec
        var lines = ["", "## Training", ""]
        lines.append(
            "Run `\(run.id)`, \(run.steps) steps, \(spec.epochs) epochs, seed \(spec.seed).")
        lines.append(
            "Optimiser \(spec.optimizer.name), learning rate \(spec.optimizer.learningRate); "
                + "mixing \(spec.mixing.method)"
                + [("weighting", spec.weighting), ("aggregation", spec.aggregation)]
                .compactMap { name, method in method.map { ", \(name) \($0.method)" } }.joined()
                + (spec.retention ?? []).map { ", retention \($0.method)" }.joined() + ".")
        return lines
    }

    /// A YAML string.
    private static func quoted(_ text: String) -> String {
        JSON.string(text).text
    }
}
