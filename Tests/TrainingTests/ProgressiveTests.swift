import CPUBackend
import Foundation
import Models
import Spec
import Testing

@testable import Training

@Suite(.serialized) struct ProgressiveTests {
    private func sequence(laterals: Bool = true) -> RunSpec {
        var spec = TinyRun.sequence(learningRate: 3e-3)
        spec.adaptation = MethodSpec(
            "progressive", ["width": 8], options: ["laterals": "\(laterals)"])
        return spec
    }

    @Test(
        "Earlier tasks keep their bits, the later stage learns, and the growth is reported",
        arguments: [true, false])
    func stages(laterals: Bool) throws {
        let run = try TinyRun()
        let recorder = Recorder()
        _ = try run.finish(sequence(laterals: laterals), recorder)
        let mood = recorder.values("mood", "loss", "validation")
        let topic = recorder.values("topic", "loss", "validation")
        #expect(mood.count == 3 && mood[1] < mood[0] && mood[2] == mood[1])
        #expect(topic[2] < topic[0])
        let sizes = recorder.values("", "parameters", "train")
        let base = Double(try run.model().backbone.configuration.parameterCount)
        // Five outputs of two heads on 32 values, and 8 units into the second of two blocks.
        let heads = 5.0 * 33
        #expect(sizes == [base + heads, 2 * base + heads + (laterals ? 2 * 8 * 32 : 0)])
        #expect(recorder.events.filter { $0.kind == "adaptation" }.count == 2)

        let loaded = try Model(
            base: "\(run.folder)/base.gguf", weights: "\(run.folder)/model.safetensors",
            backend: run.backend)
        #expect(loaded.heads.map { $0.column ?? 0 } == [0, 1])
        let evaluator = Evaluator(
            loaded,
            tasks: ["mood", "topic"].map { TrainingTask(name: $0, kind: .classification) },
            backend: run.backend)
        let spec = sequence(laterals: laterals)
        for (index, expected) in [mood[2], topic[2]].enumerated() {
            let data = try TaskData.load(
                spec.tasks[index], index: index, run: spec, inputs: run.inputs(), model: loaded)
            let score = try evaluator.score(data.validation, of: data) { _ in }
            #expect(score.loss == expected)
        }
    }

    @Test("Tasks of one stage share its network: their gradients are told apart there")
    func shared() throws {
        var spec = sequence()
        spec.stages = [["topic"], ["mood", "reply"]]
        spec.tasks.append(TaskSpec(name: "reply", kind: .generation, dataset: "reply"))
        spec.weighting = MethodSpec("gradnorm")
        let recorder = Recorder()
        _ = try TinyRun().finish(spec, recorder)
        #expect(recorder.values("reply", "loss_weight", "train").contains { $0 != 1 })
        let topic = recorder.values("topic", "loss", "validation")
        #expect(topic.last == topic[1])
        #expect(recorder.points.contains { $0.name == "grad_cos:reply" || $0.task == "mood" })
    }

    @Test("Pausing over and over ends in the bits of a run that never stopped")
    func resumes() throws {
        var spec = sequence()
        spec.tasks.append(TaskSpec(name: "reply", kind: .generation, dataset: "reply"))
        spec.stages = [["mood"], ["topic"], ["reply"]]
        let expected = try TinyRun().finish(spec, Recorder())
        #expect(try TinyRun().finishPausing(spec, every: 9) == expected)
    }

    @Test("A model's parameters are those of all its networks")
    func parameters() throws {
        let run = try TinyRun()
        let recorder = Recorder()
        let outcome = try Trainer.run(
            sequence(), inputs: run.inputs(), backend: run.backend, observer: recorder)
        guard case .finished(_, let parameters, _) = outcome else {
            Issue.record("ended with \(outcome)")
            return
        }
        #expect(recorder.values("", "parameters", "train").last == Double(parameters))
    }

    @Test("A model of several networks is not trained further, by any adaptation")
    func refused() throws {
        let run = try TinyRun()
        _ = try run.finish(sequence(), Recorder())
        let weights = "\(run.folder)/first.safetensors"
        try FileManager.default.moveItem(atPath: "\(run.folder)/model.safetensors", toPath: weights)
        var inputs = run.inputs()
        inputs.weights = weights
        for spec in [sequence(), TinyRun.sequence()] {
            let error = #expect(throws: TrainingError.self) {
                try Trainer.run(spec, inputs: inputs, backend: run.backend, observer: Recorder())
            }
            #expect(error?.code == "spec_invalid")
        }
    }
}
