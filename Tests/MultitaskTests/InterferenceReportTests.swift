import Spec
import Testing

@testable import Multitask

@Suite struct InterferenceReportTests {
    private let spec: RunSpec = {
        var spec = RunSpec(
            name: "r", baseModel: "b",
            tasks: [
                TaskSpec(name: "a", kind: .classification, dataset: "d"),
                TaskSpec(name: "b", kind: .classification, dataset: "d"),
            ])
        spec.stages = [["a"], ["b"]]
        return spec
    }()

    private func point(
        _ task: String, _ name: String, _ split: String, _ step: Int, _ value: Double
    ) -> MetricPoint {
        MetricPoint(task: task, name: name, split: split, epoch: 1, step: step, value: value)
    }

    private var scores: [MetricPoint] {
        [(0, 0.0, 0.2, 0.3), (10, 1, 0.9, 0.3), (20, 2, 0.6, 0.8)].flatMap {
            [
                point("", "stage_end", "validation", $0.0, $0.1),
                point("a", "accuracy", "validation", $0.0, $0.2),
                point("b", "accuracy", "validation", $0.0, $0.3),
            ]
        }
    }

    private func cosines(_ values: [Double], within: Double) -> [MetricPoint] {
        values.enumerated().flatMap { step, value in
            [
                point("a", "gradient_cosine.b", "diagnosis", step, value),
                point("a", "gradient_cosine_within", "diagnosis", step, within),
                point("b", "gradient_cosine_within", "diagnosis", step, within),
                point("a", "loss_effect.b", "diagnosis", step, 0.01),
                point("b", "loss_effect.a", "diagnosis", step, 0.03),
            ]
        }
    }

    @Test("Scores, forgetting and the remedy follow from the points of the stages' ends")
    func forgetting() throws {
        let report = InterferenceReport(spec, points: scores)
        #expect(report.base == [0.2, 0.3])
        #expect(report.rows.map(\.scores) == [[0.9, 0.3], [0.6, 0.8]])
        let matrix = try #require(report.matrix)
        #expect(abs(try #require(matrix.forgetting[0]) - 0.3) < 1e-12)
        #expect(report.summary(spec).contains("a was forgotten most: its accuracy fell 0.3"))
        #expect(report.suggestion(spec)?.method.method == "replay")
        var kept = spec
        kept.retention = [MethodSpec("replay")]
        #expect(report.suggestion(kept)?.method.method == "ewc")
    }

    @Test("Opposed gradients count only beyond the noise between halves of one task")
    func conflict() throws {
        let opposed = InterferenceReport(
            spec, points: cosines([-0.3, -0.35, -0.25, -0.3], within: 0.4))
        let pair = try #require(opposed.conflicts.first)
        #expect(pair.isSignificant && pair.shareOfSteps == 1)
        #expect(abs(pair.cosine + 0.3) < 1e-12)
        #expect(pair.effectOfA == 0.01 && pair.effectOfB == 0.03)
        #expect(opposed.summary(spec).contains("oppose each other"))
        // Halves of one task agree no better: all of it may be noise.
        let noise = InterferenceReport(
            spec, points: cosines([-0.3, -0.35, -0.25, -0.3], within: -0.32))
        #expect(noise.conflicts.first?.isSignificant == false)
        let mixed = InterferenceReport(
            spec, points: cosines([-0.3, 0.35, -0.25, 0.3], within: 0.4))
        #expect(mixed.conflicts.first?.isSignificant == false)
        #expect(mixed.conflicts.first?.shareOfSteps == 0.5)
        #expect(mixed.suggestion(spec) == nil)
    }

    @Test("A run without measurements says so")
    func empty() {
        let report = InterferenceReport(spec, points: [])
        #expect(report.matrix == nil && report.conflicts.isEmpty)
        #expect(report.summary(spec) == "Nothing was measured yet.")
    }
}
