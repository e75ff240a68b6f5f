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
                let cosine = -0.2 - Double(step % 3) / 50
                add(names[0], "gradient_cosine.\(names[1])", "diagnosis", step, cosine)
                add(names[0], "gradient_cosine_within", "diagnosis", step, 0.4)
                add(names[1], "gradient_cosine_within", "diagnosis", step, 0.5)
                add(names[0], "loss_effect.\(names[1])", "diagnosis", step, 0.01)
                add(names[1], "loss_effect.\(names[0])", "diagnosis", step, 0.01)
                add(names[0], "gradient_norm", "diagnosis", step, 1.5 - Double(step) / 300)
                add(names[1], "gradient_norm", "diagnosis", step, 4 - Double(step) / 100)
            }
        }
        for layer in 0..<5 {
            add("", "drift_cosine.\(layer)", "diagnosis", 200, 1 - 0.1 * Double(layer))
            add("", "general_perplexity", "diagnosis", 100 * layer, 14 + 2 * Double(layer))
            add("", "drift_cka.\(layer)", "diagnosis", 200, 1 - 0.03 * Double(layer * layer))
        }
        add(names[0], "validation_rows", "diagnosis", 0, 400)
        add(names[1], "validation_rows", "diagnosis", 0, 50)
        add(names[0], "rows_sampled", "train", 200, 900)
        add(names[1], "rows_sampled", "train", 200, 2700)
        add(names[0], "accuracy", "test", 200, 0.7)
        add(names[0], "early_warning", "diagnosis", 200, 0.22)
        func features(_ shift: Float) -> FeatureMatrix {
            FeatureMatrix(
                rows: 24, columns: 4,
                values: (0..<96).map { Float(($0 * 37) % 17) / 8 + ($0 / 48 == 0 ? 0 : shift) })
        }
        func scores(_ spec: RunSpec, _ a: Double, _ p: Double) -> BaselineComparison.Candidate {
            BaselineComparison.Candidate(
                run: "run_\(a)", spec: spec, isComplete: true, isOver: true, status: "succeeded",
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
            "Summary", "The run's own scores", "Scores after each stage",
            "Held-out metrics while training",
            "Beside the baselines", "Gradients: who opposes whom", "How far representations moved",
            "Held-out examples before and after", "What each task got",
        ] { #expect(page.contains("<h2>\(title)</h2>"), "\(title)") }
        #expect(page.contains("&quot;name&quot;:&quot;bot-2&quot;"))
        for banned in ["<script", "http://", "https://", "url(", "@import", " src=", "<b>"] {
            #expect(!page.contains(banned), "\(banned)")
        }
        #expect(!page.contains("nan") && !page.contains("inf,"))
        #expect(page.contains("mood was forgotten most"))
        for said in [
            "Loss scope step", "A task with a head of its own is known", "50 validation rows",
            "chance on 400 rows explains up to", "cosine over time", "gradient norm over time",
            "75 % (2700 rows)", "pressure of the first", "test rows",
            "Early warning: mood fell 0.22 below its best (step 200).",
        ] { #expect(page.contains(said), "\(said)") }
    }

    @Test("Beside forward transfer stands whose is chance, beside an average whose it is")
    func remarks() {
        var spec = RunSpec(
            name: "r", baseModel: "b",
            tasks: ["a", "b", "c"].map { TaskSpec(name: $0, kind: .classification, dataset: "d") })
        spec.stages = [["a"], ["b"], ["c"]]
        let points = [(0, 0.1), (10, 0.5), (20, 0.6)].enumerated().flatMap { stage, found in
            spec.tasks.map {
                MetricPoint(
                    task: $0.name, name: "accuracy", split: "validation", epoch: 1, step: found.0,
                    value: found.1)
            } + [
                MetricPoint(
                    name: "stage_end", split: "validation", epoch: 1, step: found.0,
                    value: Double(stage))
            ]
        }
        let report = RunReport(id: "r", status: "running", spec: spec, points: points)
        let page = report.page(nextRun: nil)
        #expect(page.contains("average after 2 of 3 stages (ACC), of the tasks trained so far"))
        #expect(
            page.contains(
                "Forward transfer is chance by construction for b, c: a head of its own is new"))
        #expect(report.json["fwt_by_chance"] == ["b", "c"])
        #expect(report.json["stages"] == ["ended": 2, "of": 3])
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
        #expect(json["loss_scope"] == "step")
        #expect(json["tasks"]?.array?.map { $0["task_known"] } == [true, .null])
        #expect(json["validation_rows"] == ["mood": 400, "reply": 50])
        #expect(json["rows"] == ["mood": 900, "reply": 2700])
        #expect(json["shares"] == ["mood": 0.25, "reply": 0.75])
        #expect(json["final"]?["mood"] == ["score": 0.7, "split": "test"])
        #expect(json["final"]?["reply"] == ["score": 11.5, "split": "validation"])
        #expect(json["early_warning"]?["falls"]?.array?.first?["fall"] == 0.22)
        #expect(json["early_warning"]?["ended"] == .null)
        #expect((json["forgetting_noise"]?["mood"]?.number ?? 0) > 0)
        #expect(json["forgetting_noise"]?["reply"] == .null)
        // Accuracy and perplexity have no common average.
        #expect(json["acc"] == .null)
    }

    @Test("A pair has one effect, two pressures, and its cosines over time")
    func pair() throws {
        let json = Self.report(["mood", "reply"]).json
        let pair = try #require(json["conflict"]?.array?.first)
        let effect = try #require(pair["loss_effect"]?.number)
        #expect(abs(effect - 0.01) < 1e-12)
        let pressures = ["a_on_b", "b_on_a"].map { pair["pressure"]?[$0]?.number ?? 0 }
        #expect(abs(pressures[0] - 0.0025) < 1e-12 && abs(pressures[1] - 0.0075) < 1e-12)
        #expect(pair["beyond_noise"] == true)
        let history = try #require(pair["history"]?.array)
        #expect(history.count == 5 && history.allSatisfy { ($0["cosine"]?.number ?? 0) < 0 })
        #expect(json["norm_history"]?["mood"]?.array?.count == 5)
        #expect(json["norm_history"]?["reply"]?.array?.first?["step"] == 101)
    }

    @Test("A baseline that scored about 0 makes no sentence of millions of per cent")
    func zeroBaseline() {
        let whole = Self.report(["mood", "reply"])
        let comparison = whole.comparisons[0]
        var (own, other) = (comparison.candidates[0], comparison.candidates[0])
        (own.validation[0].value, other.validation[0].value) = (0.25, 0)
        own.spec = whole.spec
        let report = RunReport(
            id: "r", status: "succeeded", spec: whole.spec, points: [],
            comparisons: [BaselineComparison(.equal, own: own, candidates: [other])])
        #expect(
            report.summary.contains(
                "There is no mean difference to equal weights: on mood they score 0, too near 0 to be "
                    + "compared with, and the run 0.25."))
        #expect(report.json["baselines"]?["equal"]?["delta"]?["mood"] == .null)
        #expect(report.json["baselines"]?["equal"]?["difference"]?["mood"] == 0.25)
        #expect(report.json["baselines"]?["equal"]?["mean_delta"] == .null)
        #expect(report.page(nextRun: nil).contains("0 → 0.25"))
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
