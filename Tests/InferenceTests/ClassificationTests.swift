import CPUBackend
import Models
import Tensor
import TestSupport
import Testing

@testable import Inference

@Suite("Classification")
struct ClassificationTests {
    private let folder: TemporaryFolder
    private let model: Model
    private let backend = CPUBackend(threads: 1)

    init() throws {
        folder = try TemporaryFolder()
        let path = folder.file("tiny.gguf")
        try TinyLlamaFile.write(path, seed: 31)
        model = try Model(base: path, backend: backend)
        model.addClassifier(
            HeadSpec(
                task: "mood", kind: "classification", labels: ["a", "b", "c"], format: "raw",
                maxLength: 64), seed: 1)
    }

    private func logits(_ inputs: [String], truncate: Bool = false) throws -> [[Float]] {
        try outcome(inputs, truncate: truncate).map(\.outputs)
    }

    private func outcome(
        _ inputs: [String], task: String = "mood", truncate: Bool = false
    ) throws -> [ReadAnswer] {
        let part = Classification.Part(
            model: model, task: task, inputs: inputs.map { .text($0) }, truncate: truncate)
        return try #require(try Classification.answers([part], backend: backend).parts.first)
    }

    @Test("inputs in one batch get the logits that each gets alone")
    func batches() throws {
        // Together more rows than one packed pass takes.
        let inputs = (0..<40).map { String(repeating: "text \($0) ", count: 1 + $0 % 12) }
        let together = try logits(inputs)
        #expect(together.count == inputs.count)
        for (input, row) in zip(inputs, together) {
            let alone = try #require(try logits([input]).first)
            #expect(row.count == 3)
            // The same sums in float32; blocking may differ with the number of rows.
            #expect(zip(row, alone).allSatisfy { abs($0 - $1) < 1e-5 })
        }
        #expect(try outcome(["abc", "de"]).map(\.tokens) == [3, 2])
        #expect(try logits([]).isEmpty)
    }

    @Test("an input longer than the context is cut when asked, else refused")
    func long() throws {
        let input = String(repeating: "x", count: TinyLlamaFile.contextLength + 9)
        #expect(throws: ModelError.self) { try logits([input]) }
        let cut = try logits([input], truncate: true)
        #expect(cut == (try logits([String(input.prefix(TinyLlamaFile.contextLength))])))
    }

    @Test("an empty input and an unknown task are refused by name")
    func refused() {
        #expect(throws: ModelError.self) { try logits(["fine", ""]) }
        #expect(throws: ModelError.self) { try outcome(["x"], task: "other") }
    }

    /// The tiny model with a head and an adapter of its own.
    private func fineTuned(seed: UInt64) throws -> Model {
        let own = try Model(base: folder.file("tiny.gguf"), backend: backend)
        own.addClassifier(
            HeadSpec(
                task: "mood", kind: "classification", labels: ["a", "b"], format: "raw",
                maxLength: 64, adapter: "shared"), seed: seed)
        let adapter = try own.addAdapter(AdapterSpec(name: "shared", rank: 4), seed: seed)
        for parameter in adapter.parameters {
            let values = SeededWeights.values("\(seed)", shape: parameter.value.shape)
            for (i, value) in values.enumerated() { parameter.value.pointer[i] = value }
        }
        return own
    }

    @Test("two models on one backbone answer in one pass, each as it does alone")
    func together() throws {
        let folder = try TemporaryFolder()
        let parts = try (1...2).map { seed in
            let path = folder.file("\(seed).safetensors")
            try fineTuned(seed: UInt64(seed)).save(to: path, includesBackbone: false)
            #expect(try Model.isAddition(path))
            let other = try Model(
                beside: model, weights: path, key: "\(seed)/", backend: backend)
            other.attach()
            return Classification.Part(
                model: other, task: "mood", inputs: [.text("one \(seed)"), .text("two")])
        }
        let plain = Classification.Part(model: model, task: "mood", inputs: [.text("one 1")])
        let both = try Classification.answers(parts + [plain], backend: backend)
        #expect(both.passes == 1)
        for (part, outcome) in zip(parts + [plain], both.parts) {
            let alone = try Classification.answers([part], backend: backend).parts[0]
            #expect(outcome.map(\.tokens) == alone.map(\.tokens))
            for (a, b) in zip(outcome.flatMap(\.outputs), alone.flatMap(\.outputs)) {
                // Sums in another order where rows share a product.
                #expect(abs(a - b) < 1e-5)
            }
        }
        let rows = both.parts.map { $0[0].outputs }
        #expect(rows[0] != rows[1] && rows[0] != rows[2])
    }
}
