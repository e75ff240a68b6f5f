import CPUBackend
import Models
import TestSupport
import Testing

@testable import Inference

/// Greedy continuations that PyTorch gives with the same dequantised weights.
@Suite("SmolLM2-135M generation", .enabled(if: RealModel.isPresent))
struct RealGenerationTests {
    @Test("greedy continuations are exact, decoded together")
    func greedy() throws {
        let backend = CPUBackend(threads: 0)
        let model = try Model(base: RealModel.path, backend: backend)
        let expected: [(prompt: String, ids: [Int32], text: String)] = [
            (
                "The capital of France is",
                [7042, 30, 198, 198, 504, 2988, 314, 42, 216, 34, 32, 33, 40, 29],
                " Paris.\n\nThe answer is: 2018-"
            ),
            (
                "Once upon a time, there was a little",
                [8180, 3365, 20391, 617, 5732, 288, 1238, 281, 260, 2388, 30, 2306, 736, 1129],
                " girl named Emma who loved to play in the sun. She would often"
            ),
        ]
        let generator = Generator(model, backend: backend)
        var options = GenerationOptions()
        options.maxTokens = 14
        for (id, item) in expected.enumerated() {
            let prompt = model.tokenizer.encode(item.prompt, parseSpecial: false)
            try generator.add(id: id, prompt: prompt, options: options)
        }
        var texts = ["", ""]
        while !generator.isIdle {
            for delta in try generator.step() { texts[delta.id] += delta.text }
        }
        for (id, item) in expected.enumerated() {
            #expect(texts[id] == item.text)
            #expect(model.tokenizer.decode(item.ids) == item.text)
        }
    }
}
