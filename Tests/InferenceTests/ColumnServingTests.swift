import CPUBackend
import Models
import Tensor
import TestSupport
import Testing

@testable import Inference

@Suite("Serving several networks")
struct ColumnServingTests {
    private let folder: TemporaryFolder
    private let model: Model
    private let backend = CPUBackend(threads: 1)

    /// Two networks of other weights, each with a classification head and one that writes.
    init() throws {
        folder = try TemporaryFolder()
        try TinyLlamaFile.write(folder.file("tiny.gguf"), seed: 31)
        model = try Model(base: folder.file("tiny.gguf"), backend: backend)
        try model.addColumn(ColumnSpec(lateralWidth: 4), seed: 1)
        for parameter in model.columns[0].parameters where parameter.value.shape.count == 2 {
            let values = SeededWeights.values("2 \(parameter.name)", shape: parameter.value.shape)
            for (i, value) in values.enumerated() { parameter.value.pointer[i] += value }
        }
        for column in 0...1 {
            model.addClassifier(
                HeadSpec(
                    task: "mood\(column)", kind: "classification", labels: ["a", "b"],
                    format: "raw", maxLength: 64, column: column), seed: 1)
        }
    }

    @Test("texts for two networks are classified each by its own, in any order")
    func classification() throws {
        let parts = ["mood1", "mood0", "mood1"].enumerated().map { index, task in
            Classification.Part(
                model: model, task: task, inputs: [.text("text \(index)"), .text("another text")])
        }
        let together = try Classification.answers(parts, backend: backend)
        #expect(together.passes == 2)
        for (part, outcome) in zip(parts, together.parts) {
            let alone = try Classification.answers([part], backend: backend).parts[0]
            for (a, b) in zip(outcome.flatMap(\.outputs), alone.flatMap(\.outputs)) {
                #expect(abs(a - b) < 1e-5)
            }
        }
        #expect(together.parts[0][1].outputs != together.parts[1][1].outputs)
    }

    /// The likeliest tokens, each from a forward pass over the whole text without caches.
    private func greedy(_ prompt: [Int32], column: Int, tokens: Int) -> [UInt8] {
        var text = prompt
        var bytes: [UInt8] = []
        for _ in 0..<tokens {
            let tape = Tape(backend, recording: false)
            let hidden = model.hiddenStates(
                PackedBatch([(task: 0, tokens: text)]), column: column, caches: nil, on: tape)
            let last = tape.gather(hidden, [Int32(text.count - 1)], rows: RowSpace(count: 1))
            let logits = tape.linear(last, model.networks[column].outputProjection).floats()
            let token = Int32(logits.indices.max { logits[$0] < logits[$1] } ?? 0)
            if model.tokenizer.endTokens.contains(token) { break }
            text.append(token)
            bytes += model.tokenizer.bytes(of: token)
        }
        return bytes
    }

    @Test("generations of two networks are decoded side by side, with every column's cache")
    func generation() throws {
        let generator = Generator(model, backend: backend)
        var options = GenerationOptions()
        options.maxTokens = 10
        let prompt: [Int32] = [72, 101, 108, 108, 111]
        for id in 0..<4 {
            try generator.add(id: id, prompt: prompt, options: options, column: id % 2)
        }
        var texts = ["", "", "", ""]
        while !generator.isIdle {
            for delta in try generator.step() { texts[delta.id] += delta.text }
        }
        let expected = (0...1).map {
            String(decoding: greedy(prompt, column: $0, tokens: 10), as: UTF8.self)
        }
        #expect(texts == expected + expected)
        #expect(expected[0] != expected[1])
    }
}
