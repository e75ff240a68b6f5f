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

    @Test("A task alone keeps those of its head as scored ones, so that the labels are the same")
    func sharedHead() throws {
        var shared = spec
        shared.tasks = ["a", "b", "c"].map {
            TaskSpec(
                name: $0, kind: .classification, dataset: "d", head: $0 == "c" ? nil : "h")
        }
        shared.baselines = [.singleTask]
        let runs = shared.baselineRuns.map(\.spec)
        #expect(runs.map { $0.tasks.map(\.name) } == [["a", "b"], ["b", "a"], ["c"]])
        #expect(runs.map(\.stages) == [[["a"]], [["b"]], nil])
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
            run: spec.name, spec: spec, isComplete: done, isOver: done,
            status: done ? "succeeded" : "running",
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
        // One that failed is no candidate, and keeps nobody waiting.
        candidates[1].isComplete = false
        let others = BaselineComparison(.tunedFixed, own: own, candidates: candidates)
        #expect(others.chosen?.run == "bot.tuned_fixed.equal")
        candidates[1].isOver = false
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

    @Test("Nothing is relative to a baseline that scored about 0")
    func zero() throws {
        let run = spec.baselineRuns[2].spec
        let comparison = BaselineComparison(
            .equal, own: candidate(spec, accuracy: 0.25, perplexity: 9),
            candidates: [candidate(run, accuracy: 0, perplexity: 10)])
        #expect(comparison.deltas[0] == nil && comparison.meanDelta == nil)
        #expect(comparison.undefined == [0])
        #expect(comparison.differences[0] == 0.25 && comparison.differences[1] == 1)
        #expect(abs(try #require(comparison.deltas[1]) - 0.1) < 1e-12)
        #expect(TaskMetric("bleu").relativeGain(0.3, over: 0.001) == nil)
        #expect(TaskMetric("mse").relativeGain(2e-6, over: 1e-6) == -1)
        #expect(TaskMetric("mse").relativeGain(1, over: 0) == nil)
        #expect(TaskMetric("pearson").relativeGain(0.1, over: -0.1) == 2)
    }

    /// Relative to 0 the second candidate's accuracy would be worth ten million.
    @Test("A task that the first candidate scored 0 on does not decide the sweep alone")
    func sweepFromZero() {
        let runs = spec.baselineRuns.suffix(3).map(\.spec)
        let comparison = BaselineComparison(
            .tunedFixed, own: candidate(spec, accuracy: 0.9, perplexity: 12),
            candidates: [
                candidate(runs[0], accuracy: 0, perplexity: 10),
                candidate(runs[1], accuracy: 0.01, perplexity: 12),
                candidate(runs[2], accuracy: 0, perplexity: 9),
            ])
        #expect(comparison.chosen?.run == "bot.tuned_fixed.reply")
    }

    @Test("Tasks that the run only scores, or that were learnt before, count in no mean")
    func watched() throws {
        var watching = spec
        watching.stages = [["mood"]]
        let own = candidate(watching, accuracy: 0.9, perplexity: 30)
        let alone = BaselineComparison(
            .singleTask, own: own,
            candidates: [candidate(spec.baselineRuns[0].spec, accuracy: 0.8)])
        #expect(alone.isTrained == [true, false] && alone.deltas[1] == nil)
        #expect(abs(try #require(alone.meanDelta) - 0.125) < 1e-12)
        let equal = BaselineComparison(
            .equal, own: own,
            candidates: [candidate(watching, accuracy: 0.8, perplexity: 10)])
        // It is compared, and not averaged.
        #expect(abs(try #require(equal.deltas[1]) + 2) < 1e-12)
        #expect(abs(try #require(equal.meanDelta) - 0.125) < 1e-12)
        var later = spec
        later.stages = [["reply"], ["mood"]]
        later.startsLearnt = true
        let learnt = BaselineComparison(
            .singleTask, own: candidate(later, accuracy: 0.9, perplexity: 30),
            candidates: [candidate(spec.baselineRuns[0].spec, accuracy: 0.8)])
        #expect(abs(try #require(learnt.meanDelta) - 0.125) < 1e-12)
        // What is not trained chooses no weights: by perplexity the last would be best.
        let sweep = BaselineComparison(
            .tunedFixed, own: own,
            candidates: [
                candidate(watching, accuracy: 0.8, perplexity: 10),
                candidate(watching, accuracy: 0.9, perplexity: 20),
                candidate(watching, accuracy: 0.8, perplexity: 1),
            ])
        #expect(sweep.baselineScores == [0.9, 20])
    }
}
