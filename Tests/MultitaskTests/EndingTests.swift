import Spec
import Testing

@testable import Multitask

@Suite struct EndingTests {
    private typealias Points = InterferencePoints

    private func spec(_ policy: EarlyWarningSpec.Policy) -> RunSpec {
        var spec = Points.spec(
            ["a", "b", "c", "d"], stages: [["a"], ["b"], ["c"], ["d"]])
        spec.epochs = 2
        spec.earlyWarning = EarlyWarningSpec(drop: 0.05, policy: policy)
        return spec
    }

    /// Up to the end of the first stage.
    private static let start: [(step: Int, stage: Int?, scores: [Double])] = [
        (0, 0, [0.1, 0.1, 0.1, 0.1]), (20, 1, [0.9, 0.1, 0.1, 0.1]),
    ]

    /// The alarm comes in the second epoch of the second stage.
    private func points(
        _ spec: RunSpec, _ evaluations: [(step: Int, stage: Int?, scores: [Double])]
    ) -> [MetricPoint] {
        Points.scores(spec, evaluations)
            + [Points.point("a", "early_warning", "diagnosis", 40, 0.3, epoch: 4)]
    }

    @Test("A run that its policy ended says who fell, where it ended and what was never trained")
    func stopped() throws {
        let spec = spec(.stop)
        let report = InterferenceReport(
            spec,
            points: points(
                spec,
                Self.start + [
                    (40, 2, [0.6, 0.8, 0.1, 0.1])
                ]))
        #expect(report.ending == .init(stage: 2, restored: nil, neverTrained: [2, 3]))
        #expect(report.warnings == [.init(task: 0, fall: 0.3, step: 40)])
        #expect(abs(try #require(report.matrix?.averageFinal) - 0.7) < 1e-12)
        #expect(
            report.summary(spec).hasPrefix(
                "The mean accuracy of the 2 tasks trained (ACC) is 0.7 at the end. "
                    + "Early warning: a fell 0.3 below its best (step 40). Training ended in stage 2 "
                    + "of 4, as its policy asks, so that c and d were never trained."))
        #expect(report.suggestion(spec)?.method.method == "replay")
        var kept = spec
        kept.retention = [MethodSpec("replay"), MethodSpec("ewc"), MethodSpec("lwf")]
        #expect(InterferenceReport(kept, points: points(kept, [])).suggestion(kept) == nil)
    }

    @Test("A model that was put back is scored as it was then, within a stage or before it")
    func restored() throws {
        let spec = spec(.restoreBest)
        let within = InterferenceReport(
            spec,
            points: points(
                spec,
                Self.start + [
                    (30, 2, [0.89, 0.7, 0.1, 0.1]), (40, nil, [0.6, 0.8, 0.1, 0.1]),
                ]))
        #expect(within.ending == .init(stage: 2, restored: 30, neverTrained: [2, 3]))
        #expect(within.final.map { $0?.value } == [0.89, 0.7, 0.1, 0.1])
        #expect(within.summary(spec).contains("and the model of step 30 was put back, so that c"))
        // An alarm is reason enough, although the model that was kept has forgotten nothing.
        #expect(
            within.suggestion(spec)?.reason
                == "an early warning says that a fell, and nothing of it was replayed")
        let before = InterferenceReport(
            spec,
            points: points(
                spec,
                Self.start + [
                    (40, nil, [0.6, 0.8, 0.1, 0.1])
                ]))
        #expect(before.ending == .init(stage: 2, restored: 20, neverTrained: [1, 2, 3]))
        #expect(before.final.map { $0?.value } == [0.9, 0.1, 0.1, 0.1])
        #expect(before.summary(spec).contains("The accuracy of a is 0.9 at the end."))
    }

    @Test("A warning that changes nothing ends nothing, and scores under way say so")
    func goesOn() {
        let spec = spec(.none)
        let report = InterferenceReport(
            spec,
            points: points(
                spec,
                Self.start + [
                    (40, 2, [0.6, 0.8, 0.1, 0.1])
                ]))
        #expect(report.ending == nil && !report.isOver)
        #expect(report.summary(spec).contains("is 0.7 after 2 of 4 stages."))
        #expect(report.summary(spec).contains("fell 0.3 short of its best after 2 of 4 stages."))
    }

    @Test("What is no share falls in per cent, and the largest fall of a task counts")
    func amounts() {
        let spec = Points.spec(stages: [["a"], ["b"]], metric: "perplexity", kind: .generation)
        let report = InterferenceReport(
            spec,
            points: [(10, 0.1), (30, 0.4), (20, 0.2)].map {
                Points.point("a", "early_warning", "diagnosis", $0.0, $0.1)
            })
        #expect(
            report.summary(spec)
                == "Early warning: a fell 40 % below its best (step 30).")
    }
}
