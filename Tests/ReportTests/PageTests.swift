import JSON
import Multitask
import Spec
import Testing

@testable import Report

@Suite struct PageTests {
    /// A two-stage run with everything that a report shows; names that would break out of HTML.
    static func report(_ names: [String] = ["mood", "reply & <b>co</b>"]) -> RunReport {
        var spec = RunSpec(
            name: "bot", baseModel: "b",
            tasks: [
                TaskSpec(name: names[0], kind: .classification, dataset: "d"),
                TaskSpec(name: names[1], kind: .generation, dataset: "e"),
            ])
        spec.stages = [[names[0]], [names[1]]]
        spec.baselines = [.equal]
        var points: [MetricPoint] = []
        func add(_ task: String, _ name: String, _ split: String, _ step: Int, _ value: Double) {
            points.append(
                MetricPoint(
                    task: task, name: name, split: split, epoch: 1, step: step, value: value))
        }
        for (stage, step, accuracy, perplexity) in [
            (0, 0, 0.5, 30), (1, 100, 0.93, 31), (2, 200, 0.71, 11.5),
        ] {
            add("", "stage_end", "validation", step, Double(stage))
            add(names[0], "accuracy", "validation", step, accuracy)
            add(names[1], "perplexity", "validation", step, perplexity)
        }
        for step in 1..<200 {
            add(names[step <= 100 ? 0 : 1], "loss", "train", step, 2 / (1 + Double(step) / 30))
            if step % 20 == 1, step > 100 {
                add(names[0], "gradient_cosine.\(names[1])", "diagnosis", step, -0.2)
                add(names[0], "gradient_cosine_within", "diagnosis", step, 0.4)
                add(names[1], "gradient_cosine_within", "diagnosis", step, 0.5)
                add(names[0], "loss_effect.\(names[1])", "diagnosis", step, 0.002)
                add(names[1], "loss_effect.\(names[0])", "diagnosis", step, 0.01)
                add(names[0], "gradient_norm", "diagnosis", step, 1.5)
                add(names[1], "gradient_norm", "diagnosis", step, 4)
            }
        }
        for layer in 0..<5 {
            add("", "drift_cosine.\(layer)", "diagnosis", 200, 1 - 0.1 * Double(layer))
            add("", "general_perplexity", "diagnosis", 100 * layer, 14 + 2 * Double(layer))
            add("", "drift_cka.\(layer)", "diagnosis", 200, 1 - 0.03 * Double(layer * layer))
        }
        add(names[0], "sample_share", "train", 100, 1)
        add(names[1], "sample_share", "train", 200, 1)
        func features(_ shift: Float) -> FeatureMatrix {
            FeatureMatrix(
                rows: 24, columns: 4,
                values: (0..<96).map { Float(($0 * 37) % 17) / 8 + ($0 / 48 == 0 ? 0 : shift) })
        }
        func scores(_ spec: RunSpec, _ a: Double, _ p: Double) -> BaselineComparison.Candidate {
            BaselineComparison.Candidate(
                run: "run_\(a)", spec: spec, isComplete: true, status: "succeeded",
                validation: [
                    MetricPoint(
                        task: names[0], name: "accuracy", split: "validation", epoch: 1, step: 1,
                        value: a),
                    MetricPoint(
                        task: names[1], name: "perplexity", split: "validation", epoch: 1, step: 1,
                        value: p),
                ], test: [])
        }
        return RunReport(
            id: "run_1", status: "succeeded", spec: spec, points: points,
            map: RepresentationMap(
                before: features(1), after: features(4), tasks: (0..<24).map { $0 / 12 }),
            comparisons: [
                BaselineComparison(
                    .equal, own: scores(spec, 0.71, 11.5),
                    candidates: spec.baselineRuns.map { scores($0.spec, 0.9, 12) })
            ])
    }

    @Test("The page holds every section, runs nothing and loads nothing")
    func whole() {
        let page = Self.report().page(nextRun: ["name": "bot-2"])
        for title in [
            "Summary", "Scores after each stage", "Held-out metrics while training",
            "Beside the baselines", "Gradients: who opposes whom", "How far representations moved",
            "Held-out examples before and after", "What each task got",
        ] { #expect(page.contains("<h2>\(title)</h2>"), "\(title)") }
        #expect(page.contains("&quot;name&quot;:&quot;bot-2&quot;"))
        for banned in ["<script", "http://", "https://", "url(", "@import", " src=", "<b>"] {
            #expect(!page.contains(banned), "\(banned)")
        }
        #expect(!page.contains("nan") && !page.contains("inf,"))
        #expect(page.contains("mood was forgotten most"))
    }

    /// Every tag that opens is closed in order: XML, but for the two void elements of the head.
    @Test(
        "Tags match, whatever the names hold",
        arguments: [["a", "b"], ["x\"/><script>", "</svg>"], ["'-->", "&amp;"], ["é", "😀"]])
    func matched(names: [String]) {
        let page = Self.report(names).page(nextRun: ["n": .string(names[0])])
        var open: [Substring] = []
        for part in page.split(separator: "<").dropFirst() {
            guard let end = part.firstIndex(of: ">") else {
                Issue.record("a tag does not end")
                continue
            }
            let tag = part[..<end]
            let name = tag.prefix { $0 != " " && $0 != "/" && $0 != ">" }
            if tag.hasPrefix("/") {
                #expect(open.popLast() == tag.dropFirst(), "\(tag)")
            } else if !tag.hasSuffix("/"), !["!DOCTYPE", "meta"].contains(name) {
                open.append(name)
            }
        }
        #expect(open.isEmpty)
    }

    @Test("A run that has measured nothing yet has a page too")
    func empty() {
        var report = Self.report()
        report = RunReport(id: "r", status: "queued", spec: report.spec, points: [])
        let page = report.page(nextRun: nil)
        #expect(page.contains("Nothing was measured yet.") && !page.contains("<svg"))
    }

    @Test("The JSON has the shape that was promised")
    func json() throws {
        let json = Self.report(["mood", "reply"]).json
        #expect(json["r_matrix"]?.array?.count == 2)
        #expect(json["forgetting"]?["mood"]?.number.map { abs($0 - 0.22) < 1e-12 } == true)
        #expect(json["general_text"]?.array?.first == ["step": 0, "perplexity": 14.0])
        #expect(json["summary"]?.string?.contains("perplexity went from 14 to") == true)
        #expect(json["drift"]?.array?.last?["cosine"]?.number.map { abs($0 - 0.6) < 1e-12 } == true)
        #expect(json["map"]?["before"]?.array?.count == 24)
        #expect(json["map"]?["after"]?.array?.first?.array?.last == "mood")
        let delta = try #require(json["baselines"]?["equal"]?["delta"]?["mood"]?.number)
        #expect(abs(delta - (0.71 - 0.9) / 0.9) < 1e-12)
        #expect(json["suggestion"]?["value"]?["method"] == "replay")
        #expect(Self.report().next?.retention?.first?.method == "replay")
        // Accuracy and perplexity have no common average.
        #expect(json["acc"] == .null)
    }

    @Test(
        "Axes have round ticks that cover the values",
        arguments: [[0.0, 1], [0.71, 0.93], [-3, 1234], [5, 5], [1e-6, 3e-6], [0, 0]])
    func ticks(values: [Double]) {
        let scale = Scale(values, pixels: 0...100)
        #expect(scale.low <= values[0] && scale.high >= values[1])
        #expect((2...13).contains(scale.ticks.count))
        #expect(Set(scale.ticks.map { scale.label($0) }).count == scale.ticks.count)
        #expect(abs(scale.pixel(scale.high) - 100) < 1e-9)
    }
}
