import CPUBackend
import Models
import Tensor
import TestSupport
import Testing

@testable import Inference

/// An encoder with a decoder behind the same generator as a decoder.
@Suite("Writing")
struct WritingTests {
    private func model(_ family: TinyTextModel, _ folder: TemporaryFolder) throws -> Model {
        let backend = CPUBackend(threads: 1)
        try NewModel.write(
            config: family.config, documents: family.documents, seed: 3, to: folder.file("m"),
            backend: backend)
        return try Model(base: folder.file("m"), backend: backend)
    }

    /// Greedy decoding by whole forward passes, without caches; up to and with an end token.
    private func recomputed(_ prompt: [Int32], count: Int, _ model: Model) -> [Int32] {
        let tape = Tape(CPUBackend(threads: 1), recording: false)
        func batch(_ tokens: [Int32]) -> PackedBatch { PackedBatch([(task: 0, tokens: tokens)]) }
        var written: [Int32] = []
        while written.count < count, !written.contains(where: model.tokenizer.endTokens.contains) {
            let hidden: Tensor
            if let pair = model.backbone as? any EncoderDecoder {
                let read = batch(prompt)
                let encoded = pair.hiddenStates(read, caches: nil, on: tape)
                hidden = pair.decode(
                    batch([pair.startToken] + written), reading: encoded, read.segments, on: tape)
            } else {
                hidden = model.backbone.hiddenStates(
                    batch(prompt + written), caches: nil, on: tape)
            }
            let last = tape.gather(
                hidden, [Int32(hidden.shape[0] - 1)], rows: RowSpace(count: 1))
            let logits = tape.linear(last, model.backbone.outputProjection).floats()
            logits.withUnsafeBufferPointer { written.append(Int32(Sampler.largest($0))) }
        }
        return written
    }

    @Test(
        "sequences that join and leave are those of whole passes, each alone",
        arguments: [TinyTextModel.t5, .gpt2])
    func joins(family: TinyTextModel) throws {
        let folder = try TemporaryFolder()
        let model = try model(family, folder)
        let prompts = ["one", "another prompt that is longer than sixteen", "x", "and more"]
            .map { model.inputTokens($0).tokens }
        let limits = [9, 4, 12, 7]
        let expected = zip(prompts, limits).map { recomputed($0, count: $1, model) }
        let generator = Generator(model, backend: CPUBackend(threads: 1))
        var options = GenerationOptions()
        var deltas: [GenerationDelta] = []
        for (id, prompt) in prompts.enumerated() {
            options.maxTokens = limits[id]
            try generator.add(id: id, prompt: prompt, options: options)
            deltas += try generator.step()
        }
        while !generator.isIdle { deltas += try generator.step() }
        for (id, tokens) in expected.enumerated() {
            let own = deltas.filter { $0.id == id }
            // Random bytes are seldom UTF-8: what of them is ASCII comes out unchanged.
            let text = own.map(\.text).joined().utf8.filter { $0 < 0x80 }
            let isEnded = model.tokenizer.endTokens.contains(tokens[tokens.count - 1])
            let bytes = tokens.dropLast(isEnded ? 1 : 0)
                .flatMap { model.tokenizer.bytes(of: $0) }.filter { $0 < 0x80 }
            #expect(Array(text) == bytes)
            #expect(own.last?.finishReason == (isEnded ? "stop" : "length"))
        }
    }

    @Test("a prompt of the whole context is read by an encoder, one token more is refused")
    func context() throws {
        let folder = try TemporaryFolder()
        let model = try model(.t5, folder)
        let context = model.backbone.configuration.contextLength
        let generator = Generator(model, backend: CPUBackend(threads: 1))
        var options = GenerationOptions()
        options.maxTokens = 2
        func prompt(_ count: Int) -> [Int32] { [Int32](repeating: 40, count: count) }
        #expect(throws: ModelError.self) {
            try generator.add(id: 0, prompt: prompt(context + 1), options: options)
        }
        try generator.add(id: 1, prompt: prompt(context), options: options)
        var tokens = 0
        while !generator.isIdle { tokens += try generator.step().reduce(0) { $0 + $1.tokens } }
        #expect((1...2).contains(tokens))
    }
}
