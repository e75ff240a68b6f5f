import CPUBackend
import Foundation
import Models
import Spec
import Tensor
import Testing

@testable import Training

/// Remedies for what the model knew before the run.
@Suite(.serialized) struct BaseAnchorTests {
    /// Distance of the backbone from the pretrained one, and the task's loss, after a run.
    private func result(_ retention: [MethodSpec]?) throws -> (away: Double, loss: Double) {
        let run = try TinyRun()
        var spec = TinyRun.spec(epochs: 2)
        spec.retention = retention
        spec.optimizer.weightDecay = 0
        let recorder = Recorder()
        let data = try run.finish(spec, recorder)
        let path = "\(run.folder)/trained.safetensors"
        try data.write(to: URL(fileURLWithPath: path))
        let base = try run.model()
        let trained = try Model(
            base: "\(run.folder)/base.gguf", weights: path, backend: run.backend)
        var square = 0.0
        for (a, b) in zip(base.backbone.parameters, trained.backbone.parameters) {
            for (x, y) in zip(a.value.floats(), b.value.floats()) {
                square += Double(x - y) * Double(x - y)
            }
        }
        let loss = try #require(recorder.values("mood", "loss", "validation").last)
        return (square.squareRoot(), loss)
    }

    @Test("L2-SP holds the backbone near the pretrained one in a single stage; heads still learn")
    func holds() throws {
        let naive = try result(nil)
        let held = try result([MethodSpec("l2_sp", ["alpha": 10])])
        let weak = try result([MethodSpec("l2_sp", ["alpha": 0])])
        #expect(held.away < 0.3 * naive.away, "\(held) against \(naive)")
        #expect(held.loss < 0.7 && held.loss > naive.loss)
        // Strength 0 is no method at all.
        #expect(weak.away == naive.away && weak.loss == naive.loss)
    }

    /// A head is new: its random start is nothing to be held near.
    @Test("Of a model with a head for two tasks L2-SP holds the backbone alone")
    func sharedHead() throws {
        let run = try TinyRun()
        let model = try run.model()
        let tasks = ["one", "other"].map { TrainingTask(name: $0, kind: .classification) }
        for task in tasks {
            model.addClassifier(
                HeadSpec(
                    task: task.name, kind: "classification", labels: ["a", "b"], format: "raw",
                    maxLength: 64, sharedName: "both"), seed: 5)
        }
        let shared = SharedParameters(model.parameters, of: model, tasks: tasks)
        let count = model.backbone.parameters.count
        #expect(shared.backbone == Array(0..<count))
        #expect(shared.indices == Array(0..<count + 2) && shared.others.isEmpty)
    }

    @Test("Synaptic intelligence holds what the first stage learnt, from its own steps alone")
    func pathImportance() throws {
        func loss(_ retention: [MethodSpec]?) throws -> Double {
            let recorder = Recorder()
            var spec = TinyRun.sequence(retention, learningRate: 1e-2, epochs: 2)
            spec.optimizer.weightDecay = 0
            _ = try TinyRun().finish(spec, recorder)
            return try #require(recorder.values("mood", "loss", "validation").last)
        }
        let naive = try loss(nil)
        let held = try loss([MethodSpec("si", ["c": 1e6])])
        #expect(held < naive, "\(held) against \(naive)")
        // Strength 0 is no method at all.
        #expect(try loss([MethodSpec("si", ["c": 0])]) == naive)
    }
}
