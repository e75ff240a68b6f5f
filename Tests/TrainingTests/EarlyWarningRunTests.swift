import Foundation
import Models
import Spec
import Tensor
import Testing

@testable import Training

/// Policies in whole runs. The second task's labels contradict the first's on the same words, so
/// that what the second stage learns costs the first.
@Suite(.serialized) struct EarlyWarningRunTests {
    private func spec(_ policy: EarlyWarningSpec.Policy, epochs: Int = 3) -> RunSpec {
        var spec = TinyRun.sequence(
            policy == .strengthenRetention
                ? [MethodSpec("ewc", ["lambda": 1e-6, "samples": 6])] : nil,
            epochs: epochs)
        // Judged by the loss, which moves with every step.
        for index in spec.tasks.indices { spec.tasks[index].metric = "loss" }
        // Steps enough for Adam's scaling to settle before the first evaluation of a stage.
        spec.batchTokens = 48
        spec.earlyWarning = EarlyWarningSpec(drop: 0.02, policy: policy)
        return spec
    }

    private func kinds(_ recorder: Recorder) -> Set<String> { Set(recorder.events.map(\.kind)) }

    @Test("A task that is being lost is named, with its fall and who costs it")
    func warns() throws {
        let recorder = Recorder()
        _ = try TinyRun().finish(spec(.none), recorder)
        let message = try #require(
            recorder.events.first { $0.kind == "early_warning" }?.message)
        #expect(message.hasPrefix("task mood: loss "))
        #expect(message.contains("steps for topic oppose it"))
        let falls = recorder.points.filter { $0.name == "early_warning" }
        #expect(!falls.isEmpty && falls.allSatisfy { $0.task == "mood" && $0.value > 0.02 })
    }

    @Test("stop ends training with the model as it is; restore_best with the one before the fall")
    func policies() throws {
        let stopped = Recorder()
        let run = try TinyRun()
        let outcome = try Trainer.run(
            spec(.stop), inputs: run.inputs(), backend: run.backend, observer: stopped)
        guard case .finished(_, _, let progress) = outcome else {
            return #expect(Bool(false), "the run did not finish")
        }
        #expect(progress.step < progress.steps && kinds(stopped).contains("stopped_early"))
        #expect(stopped.points.last { $0.name == "stage_end" }?.value == 2)

        let restored = Recorder()
        let again = try TinyRun()
        guard
            case .finished(let path, _, _) = try Trainer.run(
                spec(.restoreBest), inputs: again.inputs(), backend: again.backend,
                observer: restored)
        else { return #expect(Bool(false), "the run did not finish") }
        #expect(kinds(restored).contains("best_restored"))
        // The first epoch of the second stage undid the first: its end is what is restored.
        let one = try TinyRun()
        var first = spec(.none)
        first.tasks = [first.tasks[0]]
        first.stages = nil
        _ = try one.finish(first, Recorder())
        let model = try one.model(weights: "\(one.folder)/model.safetensors")
        let back = try again.model(weights: path)
        for (a, b) in zip(model.backbone.parameters, back.backbone.parameters) {
            #expect(a.value.floats() == b.value.floats(), "\(a.name)")
        }
    }

    @Test("strengthen_retention doubles what the methods weigh")
    func strengthens() throws {
        let recorder = Recorder()
        _ = try TinyRun().finish(spec(.strengthenRetention), recorder)
        let event = recorder.events.first { $0.kind == "retention_strengthened" }
        #expect(event?.message.contains("now 2 times") == true)
    }

    @Test(
        "Pausing over and over ends in the bits of a run that never stopped",
        arguments: [
            EarlyWarningSpec.Policy.stop, .restoreBest, .strengthenRetention,
        ])
    func resumes(policy: EarlyWarningSpec.Policy) throws {
        let whole = try TinyRun()
        guard
            case .finished(let path, _, _) = try Trainer.run(
                spec(policy), inputs: whole.inputs(), backend: whole.backend,
                observer: Recorder())
        else { return #expect(Bool(false), "the run did not finish") }
        let expected = try Data(contentsOf: URL(fileURLWithPath: path))
        let run = try TinyRun()
        var checkpoint: String?
        for _ in 0..<80 {
            let recorder = Recorder()
            recorder.steer = { $0 == 7 ? .pause : .proceed }
            let outcome = try Trainer.run(
                spec(policy), inputs: run.inputs(checkpoint: checkpoint), backend: run.backend,
                observer: recorder)
            if case .finished(let path, _, _) = outcome {
                #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == expected)
                return
            }
            checkpoint = recorder.checkpoints.last
        }
        Issue.record("the run made no progress between pauses")
    }
}
