import CPUBackend
import Foundation
import Tensor
import TestSupport
import Testing

@testable import Models

@Suite("Adapters")
struct AdapterTests {
    private let folder: TemporaryFolder
    private let model: Model
    private let sequences: [[Int32]] = [[72, 105, 33], [5, 5, 200, 31], [1, 90], [40, 41, 42]]
    private let backend = CPUBackend(threads: 1)

    init() throws {
        folder = try TemporaryFolder()
        let path = folder.file("tiny.gguf")
        try TinyLlamaFile.write(path, seed: 11)
        model = try Model(base: path, backend: backend)
    }

    private func hidden(_ adapters: [String?]) -> [Float] {
        let batch = PackedBatch(
            sequences.map { (task: 0, tokens: $0) }, adapters: adapters)
        return model.backbone.hiddenStates(
            batch, caches: nil, on: Tape(backend, recording: false)
        ).floats()
    }

    /// A and B of an adapter by the shared formula, so that it changes something.
    private func fill(_ adapter: Adapter) {
        for parameter in adapter.parameters {
            let values = SeededWeights.values(parameter.name, shape: parameter.value.shape)
            for (i, value) in values.enumerated() { parameter.value.pointer[i] = value }
        }
    }

    private func distance(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Float {
        zip(a, b).map { abs($0 - $1) }.max() ?? .infinity
    }

    @Test("a new adapter changes nothing, and A has the spread of Kaiming's rule")
    func fresh() throws {
        let before = hidden([])
        let adapter = try model.addAdapter(AdapterSpec(name: "x", rank: 4), seed: 3)
        #expect(hidden(["x", "x", "x", "x"]) == before)
        // Seven matrices in each of two blocks.
        #expect(adapter.layers.count == 14)
        for layer in adapter.layers {
            let bound = 1 / Float(layer.weight.value.shape[1]).squareRoot()
            let values = layer.blocks[0].a.value.floats()
            #expect(values.allSatisfy { abs($0) <= bound })
            #expect((values.map(abs).max() ?? 0) > 0.8 * bound)
        }
    }

    @Test("one batch with several adapters gives each sequence what a batch of its own gives")
    func mixed() throws {
        fill(try model.addAdapter(AdapterSpec(name: "x", rank: 4), seed: 1))
        fill(
            try model.addAdapter(
                AdapterSpec(name: "y", rank: 2, targets: ["q_proj", "down_proj"]), seed: 1))
        let together = hidden(["x", nil, "y", "x"])
        let width = model.backbone.configuration.width
        var row = 0
        for (index, name) in (["x", nil, "y", "x"] as [String?]).enumerated() {
            let range = row * width..<(row + sequences[index].count) * width
            row += sequences[index].count
            let alone = hidden(sequences.map { _ in name })
            #expect(distance(together[range], alone[range]) < 1e-5)
            let plain = hidden([])
            #expect((distance(together[range], plain[range]) > 0.01) == (name != nil))
        }
    }

    @Test("a merged adapter gives what it gave beside, and unmerging restores the weights")
    func merging() throws {
        let adapter = try model.addAdapter(AdapterSpec(name: "x", rank: 4), seed: 1)
        fill(adapter)
        let before = model.backbone.parameters.map { $0.value.floats() }
        let beside = hidden(["x", "x", "x", "x"])
        adapter.merge()
        // Sums in another order, through two layers.
        #expect(distance(hidden([]), beside) < 2e-5)
        adapter.unmerge()
        for (parameter, values) in zip(model.backbone.parameters, before) {
            #expect(distance(parameter.value.floats(), values) < 1e-6)
        }
    }

    @Test("training an adapter moves it and nothing else")
    func training() throws {
        let adapter = try model.addAdapter(AdapterSpec(name: "x", rank: 4), seed: 1)
        fill(adapter)
        for parameter in model.backbone.parameters { parameter.isTrainable = false }
        let tape = Tape(backend, recording: true)
        let batch = PackedBatch([(task: 0, tokens: [1, 2, 3])], adapters: ["x"])
        let states = model.backbone.hiddenStates(batch, caches: nil, on: tape)
        _ = tape.linearCrossEntropy(
            states, model.backbone.outputProjection, targets: [2, 3, 4], weights: [1, 1, 1])
        tape.backward()
        #expect(model.backbone.parameters.allSatisfy { $0.gradientNorm(slot: 0) == 0 })
        #expect(adapter.parameters.allSatisfy { $0.gradientNorm(slot: 0) > 0 })
    }

    @Test("blocks add up, and join into one adapter that does the same")
    func blocks() throws {
        let spec = AdapterSpec(name: "x", rank: 6, alpha: 12)
        let cut = try model.addAdapter(spec, blocks: 3, seed: 1)
        #expect(cut.layers.allSatisfy { $0.blocks.map(\.rank) == [2, 2, 2] })
        #expect(Set(cut.parameters.map(\.name)).count == 14 * 3 * 2)
        fill(cut)
        let names = sequences.map { _ in "x" as String? }
        let before = hidden(names)
        #expect(distance(before, hidden([])) > 1e-3)
        try model.joinAdapters()
        let whole = try #require(model.adapter(named: "x"))
        #expect(model.adapters.count == 1 && whole.spec == spec && whole !== cut)
        #expect(whole.layers.allSatisfy { $0.blocks.map(\.rank) == [6] })
        #expect(distance(hidden(names), before) < 2e-5)
        // One without the second block is another.
        for parameter in cut.parameters(block: 1) {
            parameter.value.pointer.update(repeating: 0, count: parameter.value.count)
        }
        whole.join(cut)
        #expect(distance(hidden(names), before) > 1e-3)
    }

    @Test("an adapter is saved under PEFT's names and loads again")
    func saving() throws {
        let adapter = try model.addAdapter(
            AdapterSpec(name: "x", rank: 4, alpha: 8, targets: ["k_proj", "q_proj"]), seed: 1)
        fill(adapter)
        let path = folder.file("adapter")
        try model.saveAdapter("x", to: path)
        let names = try SafetensorsFile("\(path)/adapter_model.safetensors").names
        #expect(
            names.contains("base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight"))
        let loaded = try model.loadAdapter(path, as: "again")
        #expect(
            loaded.parameters.map { $0.value.floats() }
                == adapter.parameters.map { $0.value.floats() })
        #expect(hidden(sequences.map { _ in "again" }) == hidden(sequences.map { _ in "x" }))
    }

    @Test("a layer that is not there, a rank of 0 or another model's file is refused")
    func refusals() throws {
        #expect(throws: ModelError.self) {
            try model.addAdapter(AdapterSpec(name: "x", targets: ["c_attn"]), seed: 1)
        }
        #expect(throws: ModelError.self) {
            try model.addAdapter(AdapterSpec(name: "x", rank: 0), seed: 1)
        }
        _ = try model.addAdapter(AdapterSpec(name: "x", rank: 2), seed: 1)
        try model.saveAdapter("x", to: folder.file("adapter"))
        let other = folder.file("other.gguf")
        try TinyLlamaFile.write(other, layers: 1)
        let small = try Model(base: other, backend: backend)
        #expect(throws: ModelError.self) {
            try small.loadAdapter(folder.file("adapter"), as: "x")
        }
        #expect(small.adapters.isEmpty)
    }
}
