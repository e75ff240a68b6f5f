import CPUBackend
import Models
import Spec
import Tensor
import Testing

@testable import Training

/// A model whose losses are finite and whose gradients for the classification are not: small
/// weights under a last norm of a huge gain, so that its gradient (the head's weights times the
/// gain, over the tiny root mean square of its input) overflows float32.
@Suite struct GradientFaultTests {
    private static func weights(_ run: TinyRun) throws -> String {
        let model = try run.model()
        for parameter in model.parameters {
            let isGain = parameter.name == "model.norm.weight"
            for index in 0..<parameter.value.count {
                if isGain {
                    parameter.value.pointer[index] = 1e38
                } else if parameter.value.shape.count > 1 {
                    parameter.value.pointer[index] *= 1e-3
                }
            }
        }
        let path = "\(run.folder)/steep.safetensors"
        try model.save(to: path)
        return path
    }

    @Test(
        "Steps whose gradient is not finite are skipped, named and counted; ten in a row end a run")
    func diverges() throws {
        let run = try TinyRun()
        var inputs = run.inputs()
        inputs.weights = try Self.weights(run)
        let recorder = Recorder()
        let error = #expect(throws: TrainingError.self) {
            try Trainer.run(
                TinyRun.spec(epochs: 6, batchTokens: 300), inputs: inputs, backend: run.backend,
                observer: recorder)
        }
        #expect(error?.code == "diverged")
        #expect(error?.message.contains("the gradient is not finite, in 10 steps in a row") == true)
        let skipped = recorder.events.filter { $0.kind == "step_skipped" }.map(\.message)
        #expect(skipped.count == 9)
        #expect(skipped.allSatisfy { $0.contains("the gradient of task mood") })
        #expect(skipped.last?.contains("(9 skipped in all)") == true)
        #expect(recorder.values("mood", "loss", "train").isEmpty, "a skipped step is no step")
    }
}
