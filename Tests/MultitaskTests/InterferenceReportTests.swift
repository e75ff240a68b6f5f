import Spec
import Testing

@testable import Multitask

@Suite struct InterferenceReportTests {
    private typealias Points = InterferencePoints
    private let spec = Points.spec(stages: [["a"], ["b"]])

    private var scores: [MetricPoint] {
        Points.scores(spec, [(0, 0, [0.2, 0.3]), (10, 1, [0.9, 0.3]), (20, 2, [0.6, 0.8])])
    }

    @Test("Scores, forgetting and the remedy follow from the points of the stages' ends")
    func forgetting() throws {
        let report = InterferenceReport(spec, points: scores)
        #expect(report.base == [0.2, 0.3])
        #expect(report.rows.map(\.scores) == [[0.9, 0.3], [0.6, 0.8]])
        let matrix = try #require(report.matrix)
        #expect(abs(try #require(matrix.forgetting[0]) - 0.3) < 1e-12)
        let summary = report.summary(spec)
        #expect(summary.contains("a was forgotten most: its accuracy fell 0.3"))
        #expect(
            summary.contains("The mean accuracy of the 2 tasks trained (ACC) is 0.7 at the end."))
        #expect(report.suggestion(spec)?.method.method == "replay")
    }

    @Test("A run without measurements says so, one with scores does not")
    func empty() {
        let report = InterferenceReport(spec, points: [])
        #expect(report.matrix == nil && report.conflicts.isEmpty)
        #expect(report.summary(spec) == "Nothing was measured yet.")
        var mixed = Points.spec()
        mixed.tasks[1] = TaskSpec(name: "b", kind: .generation, dataset: "e")
        for evaluations in [[(0, 0, [0.5, 30])], [(0, 0, [0.5, 30]), (10, 1, [0.9, 11.5])]] {
            let points = Points.scores(mixed, evaluations.map { ($0.0, $0.1, $0.2) })
            let summary = InterferenceReport(mixed, points: points).summary(mixed)
            #expect(!summary.contains("Nothing"), "\(summary)")
            #expect(
                summary
                    == (evaluations.count == 1
                        ? "Scores so far: a accuracy 0.5, b perplexity 30."
                        : "Scores at the end: a accuracy 0.9, b perplexity 11.5."))
        }
    }

    @Test("What the run itself scored is of test rows where there are some, else of the last stage")
    func final() {
        let points = scores + [Points.point("b", "accuracy", "test", 20, 0.75)]
        let report = InterferenceReport(spec, points: points)
        #expect(report.final.map { $0?.value } == [0.6, 0.75])
        #expect(report.final.map { $0?.split } == ["validation", "test"])
        let tested = points + [Points.point("a", "accuracy", "test", 20, 0.65)]
        #expect(
            InterferenceReport(spec, points: tested).summary(spec)
                .contains("is 0.7 at the end, and 0.7 on test rows."))
    }

    @Test("Tasks that share a head are not known at inference; to a new head nothing transfers")
    func terms() {
        var spec = Points.spec(["a", "b", "c", "d"], stages: [["a"], ["b"], ["c"], ["d"]])
        spec.tasks[0].head = "h"
        spec.tasks[1].head = "h"
        spec.tasks[3] = TaskSpec(name: "d", kind: .generation, dataset: "d")
        var report = InterferenceReport(spec, points: [])
        #expect(report.isTaskKnown == [false, false, true, nil])
        // a trained b's head before b came; d writes with the model's own output.
        #expect(report.startsWithNewHead == [2] && report.scope == .step)
        spec.weighting = MethodSpec("equal")
        report = InterferenceReport(spec, points: [])
        #expect(report.scope == .task)
        spec.weighting = nil
        spec.aggregation = MethodSpec("sum")
        #expect(InterferenceReport(spec, points: []).scope == .task)
    }

    @Test("Shares are of all rows trained on; runs that did not count them tell the drawn ones")
    func shares() {
        let spec = Points.spec()
        // 100 of a and 900 of b, then 300 and 100: not the mean of 10 and 75 %.
        let counted = Points.rowsSampled([["a": 100, "b": 900], ["a": 300, "b": 100]])
        let drawn = [(10, 0.5, 0.5), (20, 0.25, 0.75)].flatMap { step, a, b in
            [
                Points.point("a", "sample_share", "train", step, a, epoch: step / 10),
                Points.point("b", "sample_share", "train", step, b, epoch: step / 10),
            ]
        }
        let report = InterferenceReport(spec, points: counted + drawn)
        #expect(report.rowsTrained == [400, 1000])
        #expect(report.shares == [400.0 / 1400, 1000.0 / 1400])
        let older = InterferenceReport(spec, points: drawn)
        #expect(older.rowsTrained == [nil, nil] && older.shares == [0.375, 0.625])
        #expect(InterferenceReport(spec, points: []).shares == [nil, nil])
    }

    @Test("Norms over time are thinned evenly, the first and the last kept")
    func normHistory() {
        let points = (0..<1000).map {
            Points.point("a", "gradient_norm", "diagnosis", 40 * $0 + 1, Double($0))
        }
        let report = InterferenceReport(spec, points: points.reversed())
        let history = report.normHistory[0]
        #expect(history.count == 200 && report.normHistory[1].isEmpty)
        #expect(history.first?.value == 0 && history.last?.value == 999)
        let gaps = zip(history.dropFirst(), history).map { $0.value - $1.value }
        #expect(gaps.allSatisfy { $0 == 5 || $0 == 6 })
    }
}
