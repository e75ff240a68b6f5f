import Spec
import Testing

@testable import Multitask

@Suite struct BaselineTests {
    private let spec: RunSpec = {
        var spec = RunSpec(
            name: "bot", baseModel: "b",
            tasks: [
                TaskSpec(name: "mood", kind: .classification, dataset: "d"),
                TaskSpec(name: "reply", kind: .generation, dataset: "e"),
            ], weighting: MethodSpec("gradnorm"), aggregation: MethodSpec("pcgrad"), epochs: 2,
            seed: 7)
        spec.baselines = [.singleTask, .equal, .tunedFixed]
        return spec
    }()

    @Test("Baselines train the same data with the same seed and budget, and nothing but weights")
    func specs() {
        let runs = spec.baselineRuns
        #expect(
            runs.map(\.spec.name) == [
                "bot.single_task.mood", "bot.single_task.reply", "bot.equal",
                "bot.tuned_fixed.equal", "bot.tuned_fixed.mood", "bot.tuned_fixed.reply",
            ])
        for run in runs {
            #expect(run.spec.seed == 7 && run.spec.epochs == 2 && run.spec.baselines == nil)
            #expect(run.spec.aggregation == nil && run.spec.stages == nil)
        }
        #expect(runs[0].spec.tasks == [spec.tasks[0]] && runs[0].spec.weighting == nil)
        #expect(runs[2].spec.weighting == MethodSpec("equal"))
        #expect(runs[4].spec.weighting?.tasks == ["mood": 3, "reply": 1])
        var staged = spec
        staged.stages = [["mood"], ["reply"], ["mood"]]
        staged.retention = [MethodSpec("replay")]
        let again = staged.baselineRuns
        // Two stages of two epochs for mood, one for reply; together as many rows as in all three.
        #expect(again[0].spec.epochs == 4 && again[1].spec.epochs == 2)
        #expect(again[2].spec.epochs == 4 && again[2].spec.retention == nil)
    }

    private func point(_ task: String, _ name: String, _ value: Double) -> MetricPoint {
        MetricPoint(task: task, name: name, split: "validation", epoch: 1, step: 9, value: value)
    }

    private func candidate(
        _ spec: RunSpec, accuracy: Double? = nil, perplexity: Double? = nil, test: Bool = false,
        done: Bool = true
    ) -> BaselineComparison.Candidate {
        let points =
            (accuracy.map { [point("mood", "accuracy", $0)] } ?? [])
            + (perplexity.map { [point("reply", "perplexity", $0)] } ?? [])
        return BaselineComparison.Candidate(
            run: spec.name, spec: spec, isComplete: done, status: done ? "succeeded" : "running",
            validation: test ? [] : points, test: test ? points : [])
    }

    @Test("Δ is relative, with the sign that makes more better, and averaged only so")
    func deltas() throws {
        let runs = spec.baselineRuns
        let comparison = BaselineComparison(
            .singleTask, own: candidate(spec, accuracy: 0.9, perplexity: 12),
            candidates: [
                candidate(runs[0].spec, accuracy: 0.8), candidate(runs[1].spec, perplexity: 10),
            ])
        // +0.1/0.8 and −2/10.
        #expect(abs(try #require(comparison.deltas[0]) - 0.125) < 1e-12)
        #expect(abs(try #require(comparison.deltas[1]) + 0.2) < 1e-12)
        #expect(abs(try #require(comparison.meanDelta) + 0.0375) < 1e-12)
        let unfinished = BaselineComparison(
            .singleTask, own: candidate(spec, accuracy: 0.9, perplexity: 12),
            candidates: [
                candidate(runs[0].spec, accuracy: 0.8),
                candidate(runs[1].spec, perplexity: 10, done: false),
            ])
        #expect(unfinished.deltas[1] == nil && unfinished.meanDelta == nil)
    }

    @Test("The sweep is decided on validation, once all of it has been trained")
    func sweep() {
        let runs = spec.baselineRuns.suffix(3).map(\.spec)
        let own = candidate(spec, accuracy: 0.9, perplexity: 12)
        var candidates = [
            candidate(runs[0], accuracy: 0.8, perplexity: 10),
            candidate(runs[1], accuracy: 0.88, perplexity: 10.1),
            candidate(runs[2], accuracy: 0.7, perplexity: 9.5),
        ]
        // On test rows the last would be best: it must not matter.
        candidates[2].test = [point("mood", "accuracy", 1), point("reply", "perplexity", 1)]
        let comparison = BaselineComparison(.tunedFixed, own: own, candidates: candidates)
        #expect(comparison.chosen?.run == "bot.tuned_fixed.mood")
        #expect(comparison.baselineScores == [0.88, 10.1])
        candidates[0].isComplete = false
        #expect(BaselineComparison(.tunedFixed, own: own, candidates: candidates).chosen == nil)
    }

    @Test("Test rows decide where both runs have them")
    func splits() {
        let run = spec.baselineRuns[2].spec
        var (own, other) = (
            candidate(spec, accuracy: 0.9, perplexity: 12),
            candidate(run, accuracy: 0.8, perplexity: 10)
        )
        own.test = [point("mood", "accuracy", 0.6)]
        other.test = [point("mood", "accuracy", 0.5), point("reply", "perplexity", 3)]
        let comparison = BaselineComparison(.equal, own: own, candidates: [other])
        #expect(comparison.splits == ["test", "validation"])
        #expect(comparison.ownScores == [0.6, 12] && comparison.baselineScores == [0.5, 10])
    }
}
