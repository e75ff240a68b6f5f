import CPUBackend
import Foundation
import Models
import Spec
import Testing

@testable import Training

@Suite(.serialized) struct StageTests {
    @Test("Stages train their own tasks, and all are scored before, after each epoch and stage")
    func sequential() throws {
        let recorder = Recorder()
        _ = try TinyRun().finish(TinyRun.sequence(epochs: 2), recorder)
        for task in ["mood", "topic"] {
            #expect(recorder.values(task, "accuracy", "validation").count == 5)
        }
        let shares = recorder.values("mood", "sample_share", "train")
        #expect(shares == [1, 1, 0, 0])
        let ends = recorder.points.filter { $0.name == "stage_end" }
        #expect(ends.map(\.value) == [0, 1, 2])
        let trained = recorder.points.filter { $0.name == "loss" && $0.split == "train" }
        let boundary = ends[1].step
        #expect(trained.allSatisfy { ($0.task == "mood") == ($0.step <= boundary) })
        #expect(recorder.events.filter { $0.kind == "stage" }.count == 2)
        // Each stage has a schedule of its own: the rate starts over.
        let rates = recorder.points.filter { $0.name == "learning_rate" }.map(\.value)
        #expect(rates[boundary] > 2 * rates[boundary - 1])
    }

    @Test("A task that no stage names is scored at every turn and changes no bit of the others")
    func watched() throws {
        let expected = try TinyRun().finish(TinyRun.sequence(), Recorder())
        var spec = TinyRun.sequence()
        spec.tasks.append(TaskSpec(name: "reply", kind: .generation, dataset: "reply"))
        let recorder = Recorder()
        let run = try TinyRun()
        let weights = try run.finish(spec, recorder)
        #expect(recorder.values("reply", "perplexity", "validation").count == 3)
        #expect(recorder.values("reply", "sample_share", "train") == [0, 0])
        #expect(recorder.values("reply", "loss", "train").isEmpty)
        // The file names its heads; the numbers are those of the run without the task.
        func values(_ file: Data) -> Data { file.dropFirst(8 + Int(file[0]) + 256 * Int(file[1])) }
        #expect(values(weights) == values(expected))
    }

    @Test(
        "Tasks of one head have the labels of both, and the later one makes the earlier forgotten")
    func sharedHead() throws {
        var spec = TinyRun.sequence(epochs: 4)
        for index in spec.tasks.indices { spec.tasks[index].head = "all" }
        let recorder = Recorder()
        let run = try TinyRun()
        _ = try run.finish(spec, recorder)
        let model = try Model(
            base: "\(run.folder)/base.gguf", weights: "\(run.folder)/model.safetensors",
            backend: run.backend)
        #expect(
            model.heads.map(\.labels) == [
                ["ball", "code", "down", "up", "vote"], ["ball", "code", "down", "up", "vote"],
            ])
        #expect(model.parameters.count == model.backbone.parameters.count + 2)
        // Nothing of the second stage ever has a label of the first: every text gets the new ones.
        let mood = recorder.values("mood", "accuracy", "validation")
        let topic = recorder.values("topic", "accuracy", "validation")
        #expect(mood[4] > 0.9 && mood[8] < 0.1)
        #expect(topic[8] > 0.9)
    }

    @Test("Without a restart one schedule spans all stages")
    func oneSchedule() throws {
        var spec = TinyRun.sequence()
        spec.optimizer.restartsEachStage = false
        spec.optimizer.warmupFraction = 0
        let recorder = Recorder()
        _ = try TinyRun().finish(spec, recorder)
        let rates = recorder.points.filter { $0.name == "learning_rate" }.map(\.value)
        #expect(rates == rates.sorted(by: >))
    }

    @Test("What a weighting has learnt goes on in the next stage")
    func weightingGoesOn() throws {
        var spec = TinyRun.sequence(nil, epochs: 2)
        spec.stages = [["mood", "topic"], ["mood", "topic"]]
        spec.weighting = MethodSpec("dwa")
        let recorder = Recorder()
        _ = try TinyRun().finish(spec, recorder)
        let weights = recorder.points.filter { $0.name == "loss_weight" && $0.task == "mood" }
        // Ones for two epochs; the ratio that both give together is that of the third.
        #expect(weights.filter { $0.epoch < 3 }.allSatisfy { $0.value == 1 })
        #expect(weights.contains { $0.epoch == 3 && abs($0.value - 1) > 1e-6 })
    }

    @Test(
        "The rows of an epoch are counted, replayed ones under their own task", arguments: [0, 9])
    func rows(polls: Int) throws {
        let spec = TinyRun.sequence([MethodSpec("replay", ["rate": 0.5])])
        let recorder = Recorder()
        let run = try TinyRun()
        if polls == 0 {
            _ = try run.finish(spec, recorder)
        } else {
            // Each part of a run that is paused has an observer of its own.
            _ = try run.finishPausing(spec, every: polls, sharing: recorder)
        }
        func rows(_ task: String) -> [Double] {
            recorder.values(task, "rows_sampled", "train").filter { $0 > 0 }
        }
        // Of 60 and 45 rows a tenth of each label is held out: 3 of 30, 2 of 15.
        #expect(rows("topic").last == 39)
        let (moods, topics) = (rows("mood"), try #require(rows("topic").last))
        #expect(moods.first == 54)
        #expect(abs(try #require(moods.last) - topics / 2) <= topics / 4)
    }

    private static let methods: [[MethodSpec]] = [
        [MethodSpec("replay")], [MethodSpec("ewc", ["samples": 6])],
        [MethodSpec("online_ewc", ["samples": 6])], [MethodSpec("mas", ["samples": 6])],
        [MethodSpec("a_gem")], [MethodSpec("der_pp")], [MethodSpec("lwf")],
        [MethodSpec("replay"), MethodSpec("ewc", ["samples": 6]), MethodSpec("a_gem")],
    ]

    /// Methods together; each alone is tested by `RegistryResumeTests`.
    private static let combined: [[MethodSpec]?] = [
        nil, [MethodSpec("replay"), MethodSpec("ewc", ["samples": 6]), MethodSpec("a_gem")],
        [MethodSpec("der_pp"), MethodSpec("lwf")],
    ]

    /// Pauses every few polls, so that checkpoints fall into both stages, their evaluations and
    /// what happens between them.
    @Test("Pausing over and over ends in the bits of a run that never stopped", arguments: combined)
    func resumes(retention: [MethodSpec]?) throws {
        var spec = TinyRun.sequence(retention)
        if retention?.first?.method == "der_pp" {
            // Outputs of tokens, on rows of both kinds.
            spec.tasks[0] = TaskSpec(name: "reply", kind: .generation, dataset: "reply")
            spec.stages = [["reply"], ["topic"]]
        }
        if retention == nil {
            spec.stages = [["mood"], ["mood", "topic"]]
            spec.weighting = MethodSpec("uncertainty")
            spec.aggregation = MethodSpec("pcgrad")
            spec.curriculum = MethodSpec("competence")
        }
        let expected = try TinyRun().finish(spec, Recorder())
        // Ranking rows for the curriculum polls too, each time anew.
        let found = try TinyRun().finishPausing(spec, every: retention == nil ? 20 : 9)
        #expect(found == expected)
    }

    @Test("Outputs of equal rows are kept once each, whichever of them was seen before")
    func equalRows() throws {
        let run = try TinyRun()
        try run.write("reply", (0..<30).map { #"{"prompt":"say \#($0 % 5)","completion":"so"}"# })
        var spec = TinyRun.sequence([MethodSpec("der_pp", ["fraction": 1])])
        spec.tasks[0] = TaskSpec(name: "reply", kind: .generation, dataset: "reply")
        spec.stages = [["reply"], ["topic"]]
        // Draws with replacement, equal rows side by side.
        spec.curriculum = MethodSpec("competence")
        let expected = try run.finish(spec, Recorder())
        #expect(try run.finishPausing(spec, every: 11) == expected)
    }

    @Test(
        "A generation task that was learnt first is forgotten less",
        arguments: [MethodSpec("lwf"), MethodSpec("der_pp"), MethodSpec("ewc", ["lambda": 1e4])])
    func generation(method: MethodSpec) throws {
        func loss(_ retention: [MethodSpec]?) throws -> Double {
            var spec = TinyRun.sequence(retention, epochs: 3)
            spec.tasks[0] = TaskSpec(name: "reply", kind: .generation, dataset: "reply")
            spec.stages = [["reply"], ["topic"]]
            let recorder = Recorder()
            _ = try TinyRun().finish(spec, recorder)
            return try #require(recorder.values("reply", "loss", "validation").last)
        }
        let (naive, kept) = (try loss(nil), try loss([method]))
        #expect(kept < naive, "\(kept) against \(naive)")
    }

    @Test("Every remedy forgets less than none does", arguments: methods)
    func remedies(retention: [MethodSpec]) throws {
        func loss(_ retention: [MethodSpec]?) throws -> Double {
            let recorder = Recorder()
            _ = try TinyRun().finish(TinyRun.sequence(retention, epochs: 3), recorder)
            return try #require(recorder.values("mood", "loss", "validation").last)
        }
        var strong = retention
        for index in strong.indices
        where ["ewc", "online_ewc", "mas"].contains(strong[index].method) {
            strong[index].parameters["lambda"] = 1e5
        }
        let (naive, kept) = (try loss(nil), try loss(strong))
        #expect(kept < naive, "\(kept) against \(naive)")
    }
}
