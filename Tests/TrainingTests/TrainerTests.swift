import CPUBackend
import Foundation
import Models
import Spec
import Testing

@testable import Training

@Suite(.serialized) struct TrainerTests {
    @Test(
        "A run on two tasks lowers the held-out loss of both",
        arguments: [nil, MethodSpec("equal"), MethodSpec("gradnorm")])
    func learns(weighting: MethodSpec?) throws {
        let recorder = Recorder()
        _ = try TinyRun().finish(TinyRun.spec(weighting: weighting), recorder)
        for task in ["mood", "reply"] {
            let losses = recorder.values(task, "loss", "validation")
            #expect(losses.count == 3)
            #expect((losses.last ?? 9) < 0.8 * (losses.first ?? 0))
        }
        #expect(recorder.values("mood", "accuracy", "validation").count == 3)
        #expect(recorder.values("mood", "macro_f1", "validation").count == 3)
        #expect(recorder.values("reply", "perplexity", "validation").count == 3)
        #expect(recorder.values("reply", "accuracy", "validation").isEmpty)
        let shares = recorder.values("reply", "sample_share", "train")
        #expect(shares.allSatisfy { abs($0 - 0.5) < 0.02 } && shares.count == 2)
        let weights = recorder.values("mood", "loss_weight", "train")
        #expect(weights.isEmpty == (weighting == nil))
        let scope = recorder.events.first { $0.kind == "loss_scope" }?.message ?? ""
        #expect(scope.hasPrefix("loss scope \(weighting == nil ? "step" : "task"):"))
    }

    @Test(
        "A run that was killed after a checkpoint ends in the same bits as one that was not",
        arguments: [MethodSpec("gradnorm"), nil], [9, 14])
    func resumes(weighting: MethodSpec?, poll: Int) throws {
        let spec = TinyRun.spec(weighting: weighting)
        let straight = Recorder()
        let expected = try TinyRun().finish(spec, straight)

        let run = try TinyRun()
        let first = Recorder()
        first.steer = { $0 == poll ? .checkpoint : $0 == poll + 4 ? .cancel : .proceed }
        let outcome = try Trainer.run(
            spec, inputs: run.inputs(), backend: run.backend, observer: first)
        guard case .cancelled = outcome else {
            Issue.record("the run was not cancelled")
            return
        }
        let second = Recorder()
        let resumed = try run.finish(spec, second, checkpoint: first.checkpoints[0])
        #expect(resumed == expected)
        #expect(second.events.contains { $0.kind == "resumed" })
        // No step is lost between what the checkpoint covers and what is measured again.
        let covered = first.points.prefix(first.pointsAtCheckpoint) + second.points
        let steps = covered.filter { $0.name == "grad_norm" }.map(\.step)
        #expect(steps == Array(1...steps.count))
        #expect(!second.events.contains { $0.kind == "numerics_changed" })
        let tail = second.losses()
        #expect(!tail.isEmpty && Array(straight.losses().suffix(tail.count)) == tail)
    }

    @Test("Pausing writes a checkpoint, also in the middle of an evaluation")
    func pauses() throws {
        let spec = TinyRun.spec(weighting: MethodSpec("gradnorm"))
        let expected = try TinyRun().finish(spec, Recorder())
        #expect(try TinyRun().finishPausing(spec, every: 7) == expected)
    }

    @Test("Going on under other numerics is said")
    func otherNumerics() throws {
        let run = try TinyRun()
        let first = Recorder()
        first.steer = { $0 == 8 ? .pause : .proceed }
        _ = try Trainer.run(
            TinyRun.spec(), inputs: run.inputs(), backend: run.backend, observer: first)
        let path = try #require(first.checkpoints.first)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let range = try #require(bytes.range(of: Data(run.backend.numerics.utf8)))
        bytes.replaceSubrange(range, with: Data(repeating: UInt8(ascii: "x"), count: range.count))
        try bytes.write(to: URL(fileURLWithPath: path))
        let second = Recorder()
        _ = try run.finish(TinyRun.spec(), second, checkpoint: path)
        #expect(second.events.contains { $0.kind == "numerics_changed" })
    }

    @Test("A run whose steps stay not finite fails as diverged, naming step and task")
    func diverges() throws {
        let recorder = Recorder()
        var spec = TinyRun.spec(epochs: 8, learningRate: 1e38)
        spec.optimizer.schedule = "constant"
        spec.optimizer.warmupFraction = 0
        let run = try TinyRun()
        let error = #expect(throws: TrainingError.self) {
            _ = try Trainer.run(
                spec, inputs: run.inputs(), backend: run.backend, observer: recorder)
        }
        #expect(error?.code == "diverged")
        #expect(error?.message.contains("step ") == true)
        #expect(error?.message.contains("task mood") == true)
        #expect(recorder.events.count { $0.kind == "step_skipped" } == 9)
    }

    @Test("Each of Adam's constants is the request's")
    func constants() throws {
        let usual = try TinyRun().finish(TinyRun.spec(), Recorder())
        for constant in [\OptimizerSpec.beta1, \.beta2, \.epsilon] {
            var spec = TinyRun.spec()
            spec.optimizer[keyPath: constant] = 0.5
            let changed = try TinyRun().finish(spec, Recorder())
            #expect(changed != usual)
        }
    }

    @Test("A checkpoint of another run is refused")
    func otherRun() throws {
        let run = try TinyRun()
        let recorder = Recorder()
        recorder.steer = { $0 == 8 ? .pause : .proceed }
        _ = try Trainer.run(
            TinyRun.spec(), inputs: run.inputs(), backend: run.backend, observer: recorder)
        var other = TinyRun.spec()
        other.tasks.removeFirst()
        let error = #expect(throws: TrainingError.self) {
            _ = try Trainer.run(
                other, inputs: run.inputs(checkpoint: recorder.checkpoints.first),
                backend: run.backend, observer: Recorder())
        }
        #expect(error?.code == "checkpoint_mismatch")
    }

    @Test("A label that only the validation rows have is an error that names the task")
    func unknownLabel() throws {
        let run = try TinyRun()
        try run.write("other", [#"{"text":"a secret","label":"sideways"}"#])
        var spec = TinyRun.spec()
        spec.tasks[0].validation = .dataset("other")
        let error = #expect(throws: TrainingError.self) {
            _ = try Trainer.run(
                spec, inputs: run.inputs(), backend: run.backend, observer: Recorder())
        }
        #expect(error?.code == "label_unknown")
        #expect(error?.message.contains("task mood") == true)
        #expect(error?.message.contains("s" + "ecret") == false)
    }

    @Test("The test rows are scored once, at the end")
    func test() throws {
        let run = try TinyRun()
        try run.write("other", [#"{"text":"good 1","label":"up"}"#])
        var spec = TinyRun.spec(epochs: 1)
        spec.tasks[0].test = "other"
        let recorder = Recorder()
        _ = try run.finish(spec, recorder)
        #expect(recorder.values("mood", "loss", "test").count == 1)
        #expect(recorder.values("reply", "loss", "test").isEmpty)
    }

    @Test("Progress grows to the planned steps, and its estimate ends near zero")
    func progress() throws {
        let recorder = Recorder()
        _ = try TinyRun().finish(TinyRun.spec(), recorder)
        let steps = recorder.progress.map(\.step)
        #expect(steps == steps.sorted())
        let last = try #require(recorder.progress.last)
        #expect(last.step == last.steps && last.etaSeconds ?? 1 < 0.5 && last.trainingSeconds > 0)
        #expect(last.tokensPerSecond > 0)
    }
}
