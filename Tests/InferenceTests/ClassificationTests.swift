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
        try Classification.answers(
            model, task: "mood", inputs: inputs.map { .text($0) }, truncate: truncate,
            backend: backend
        ).map(\.outputs)
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
        let answers = try Classification.answers(
            model, task: "mood", inputs: [.text("abc"), .text("de")], truncate: false,
            backend: backend)
        #expect(answers.map(\.tokens) == [3, 2])
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
        #expect(throws: ModelError.self) {
            try Classification.answers(
                model, task: "other", inputs: [.text("x")], truncate: false, backend: backend)
        }
    }
}
