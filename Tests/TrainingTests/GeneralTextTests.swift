import CPUBackend
import Foundation
import Models
import Multitask
import Spec
import Tensor
import Testing

@testable import Training

@Suite(.serialized) struct GeneralTextTests {
    private func points(_ change: (inout RunSpec) -> Void) throws -> [MetricPoint] {
        let run = try TinyRun()
        var spec = TinyRun.spec(epochs: 2)
        change(&spec)
        let recorder = Recorder()
        _ = try run.finish(spec, recorder)
        return recorder.points.filter { $0.name == InterferenceReport.generalPerplexity }
    }

    /// Random weights know next to nothing: about as good as guessing among all 259 tokens.
    @Test("It is measured before training and after each epoch, and moves with the model")
    func measured() throws {
        let found = try points { _ in }
        #expect(found.count == 3 && found[0].step == 0)
        #expect(abs(found[0].value - 259) < 0.2 * 259)
        #expect(found[2].value != found[0].value)
    }

    @Test("Where only heads train, plain text is read as before, and nothing is measured")
    func headsOnly() throws {
        let found = try points {
            $0.tasks = [$0.tasks[0]]
            $0.adaptation = MethodSpec("heads")
        }
        #expect(found.isEmpty)
    }

    @Test("An encoder has no next token")
    func encoder() throws {
        let folder = NSTemporaryDirectory() + "/general-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let backend = CPUBackend(threads: 1)
        let model = try TinyFamily.bert.model(in: folder, backend: backend)
        let task = TaskSpec(name: "mood", kind: .classification, dataset: "mood")
        #expect(
            GeneralText(model, tasks: [task], trainsBackbone: true, backend: backend) == nil)
    }

    /// By one forward pass a sentence and a softmax in double precision here.
    @Test("It is the exponential of the mean loss of a token over all sentences")
    func figure() throws {
        let run = try TinyRun()
        let model = try run.model()
        let text = try #require(
            GeneralText(model, tasks: [], trainsBackbone: true, backend: run.backend))
        var (sum, count) = (0.0, 0)
        for sentence in text.tokens {
            let tape = Tape(run.backend, recording: false)
            let batch = PackedBatch([(task: 0, tokens: Array(sentence.dropLast()))])
            let hidden = model.backbone.hiddenStates(batch, caches: nil, on: tape)
            let logits = tape.linear(hidden, model.backbone.outputProjection).floats()
            let width = logits.count / (sentence.count - 1)
            for (row, target) in sentence.dropFirst().enumerated() {
                let own = logits[row * width..<(row + 1) * width].map { Double($0) }
                let top = own.max() ?? 0
                let total = own.reduce(0) { $0 + exp($1 - top) }
                sum += top + log(total) - own[Int(target)]
                count += 1
            }
        }
        // float32 logits of order 1.
        #expect(abs(try text.perplexity() / exp(sum / Double(count)) - 1) < 1e-4)
    }
}
