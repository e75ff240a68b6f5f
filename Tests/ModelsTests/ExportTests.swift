import CPUBackend
import Foundation
import JSON
import Tensor
import TestSupport
import Testing

@testable import Models

@Suite("Exports")
struct ExportTests {
    private let folder: TemporaryFolder
    private let backend = CPUBackend(threads: 1)
    /// Where `scripts/reference/check_exports.py` looks for what is exported here.
    private static let kept = ProcessInfo.processInfo.environment["POLYTASK_TEST_EXPORTS"]

    init() throws { folder = try TemporaryFolder() }

    private func export(_ name: String) throws -> (tiny: TinyModel, path: String) {
        let tiny = try TinyModel(name)
        let path = Self.kept.map { "\($0)/\(name)" } ?? folder.file(name)
        let sources = try type(of: tiny.backbone).layout(tiny.backbone.configuration)
        try HuggingFaceExport(backbone: tiny.backbone, sources: sources).write(to: path)
        return (tiny, path)
    }

    @Test("an exported folder loads again with the same weights", arguments: ParityTests.cases)
    func folders(name: String) throws {
        let (tiny, path) = try export(name)
        let again = try TinyFolder.load(path)
        #expect(again.parameters.map(\.name) == tiny.backbone.parameters.map(\.name))
        for (a, b) in zip(again.parameters, tiny.backbone.parameters) {
            #expect(a.value.floats() == b.value.floats())
        }
    }

    /// The adapter's logits go beside it, for PEFT to agree with.
    @Test(
        "an adapter of every family is written for PEFT",
        arguments: ["llama", "bert_mean", "gpt2", "t5"])
    func adapters(name: String) throws {
        let (tiny, path) = try export(name)
        let adapter = try Adapter(
            AdapterSpec(name: "x", rank: 4, alpha: 8), key: "x", on: tiny.backbone,
            backend: backend)
        for parameter in adapter.parameters {
            let values = SeededWeights.values(parameter.name, shape: parameter.value.shape)
            for (i, value) in values.enumerated() { parameter.value.pointer[i] = value }
        }
        try PEFTFolder.write(adapter, of: tiny.backbone.configuration, to: "\(path)/adapter")
        let plain = tiny.logits(on: Tape(tiny.backend, recording: false))
        adapter.merge()
        let changed = tiny.logits(on: Tape(tiny.backend, recording: false))
        let width = changed.rows.shape[1]
        let rows = changed.ends.map { end in
            Array(changed.rows.floats()[end * width..<(end + 1) * width])
        }
        #expect(plain.rows.floats() != changed.rows.floats())
        let json = JSON.array(rows.map { .array($0.map { .number(Double($0)) }) })
        try Data(json.bytes()).write(
            to: URL(fileURLWithPath: "\(path)/adapter/logits.json"))
    }

    @Test(
        "a GGUF file of every type is read back; F32 bit for bit",
        arguments: GGUFMatrixType.allCases)
    func gguf(type: GGUFMatrixType) throws {
        let base = folder.file("tiny.gguf")
        try TinyLlamaFile.write(base, seed: 5)
        let model = try Model(base: base, backend: backend)
        model.backbone.parameters[1].value.pointer[0] += 0.5
        let path =
            Self.kept.map { "\($0)/\(type.rawValue).gguf" } ?? folder.file("out.gguf")
        try model.exportGGUF(to: path, type: type)
        let again = try Model(base: path, backend: backend)
        #expect(
            again.tokenizer.encode("Hi", parseSpecial: false)
                == model.tokenizer.encode("Hi", parseSpecial: false))
        #expect(again.chatTemplate != nil)
        // Of ±0.15: half precision has 11 bits, a block's largest value is 127
        // steps of a width in half precision.
        let allowed: [GGUFMatrixType: Float] = [
            .f32: 0, .f16: 0.15 / 2048, .q8: 0.15 / 254 + 0.15 / 2048,
        ]
        for (a, b) in zip(again.backbone.parameters, model.backbone.parameters) {
            let isVector = a.value.shape.count == 1
            for (x, y) in zip(a.value.floats(), b.value.floats()) {
                #expect(abs(x - y) <= (isVector ? 0 : allowed[type] ?? 0))
            }
        }
    }

    @Test("halves are rounded to the nearest, ties to even")
    func halves() {
        #expect(half(0) == 0 && half(-0.0) == 0x8000 && half(1) == 0x3C00 && half(-2) == 0xC000)
        #expect(half(65504) == 0x7BFF && half(65520) == 0x7C00 && half(.infinity) == 0x7C00)
        #expect(half(1 + 0x1p-11) == 0x3C00 && half(1 + 0x1.8p-10) == 0x3C02)
        #expect(half(0x1p-24) == 1 && half(0x1p-25) == 0 && half(0x1.8p-24) == 2)
        #expect(half(.nan) & 0x7C00 == 0x7C00 && half(.nan) & 0x3FF != 0)
        for bits in UInt16(0)..<0x7C00 { #expect(half(float(half: bits)) == bits) }
    }
}
