import CPUBackend
import Foundation
import Models
import Tensor
import TestSupport
import Testing

@testable import Inference

@Suite("Generation")
struct GeneratorTests {
    private let folder: TemporaryFolder
    private let model: Model
    private let backend = CPUBackend(threads: 1)

    init() throws {
        folder = try TemporaryFolder()
        let path = folder.file("tiny.gguf")
        try TinyLlamaFile.write(path, seed: 21)
        model = try Model(base: path, backend: backend)
        makeTextual(model)
    }

    /// A random model wanders into end tokens and unprintable bytes; an embedding of zero for
    /// these keeps them behind the printable ones, whose likeliest logits are positive.
    private func makeTextual(_ model: Model) {
        let table = model.backbone.outputProjection.value
        let width = model.backbone.configuration.width
        for token in 0..<TinyLlamaFile.vocabulary where !(0x20...0x7E).contains(token) {
            (table.pointer + token * width).update(repeating: 0, count: width)
        }
        for i in 0..<table.count { table.pointer[i] *= 4 }
    }

    private struct Result: Equatable {
        var text = ""
        var tokens = 0
        var reason = ""
        var logprobs: [Double] = []
    }

    private func run(_ generator: Generator) throws -> [Int: Result] {
        var results: [Int: Result] = [:]
        var steps = 0
        while !generator.isIdle, steps < 1000 {
            steps += 1
            for delta in try generator.step() {
                var result = results[delta.id] ?? Result()
                #expect(result.reason == "", "nothing comes after the end")
                #expect(!delta.text.isEmpty || delta.finishReason != nil)
                result.text += delta.text
                result.tokens += delta.tokens
                result.logprobs += delta.logprobs.map(\.logprob)
                result.reason = delta.finishReason ?? ""
                results[delta.id] = result
            }
        }
        #expect(generator.isIdle)
        return results
    }

    private func options(_ set: (inout GenerationOptions) -> Void = { _ in }) -> GenerationOptions {
        var options = GenerationOptions()
        options.maxTokens = 12
        set(&options)
        return options
    }

    private func alone(_ prompt: [Int32], _ options: GenerationOptions) throws -> Result {
        let generator = Generator(model, backend: backend)
        try generator.add(id: 0, prompt: prompt, options: options)
        return try #require(try run(generator)[0])
    }

    /// Greedy decoding by whole forward passes, without caches.
    private func recomputed(_ prompt: [Int32], count: Int) -> [Int32] {
        var tokens = prompt
        for _ in 0..<count {
            let tape = Tape(backend, recording: false)
            let hidden = model.backbone.hiddenStates(
                PackedBatch([(task: 0, tokens: tokens)]), caches: nil, on: tape)
            let last = tape.gather(hidden, [Int32(tokens.count - 1)], rows: RowSpace(count: 1))
            let logits = tape.linear(last, model.backbone.outputProjection).floats()
            logits.withUnsafeBufferPointer { tokens.append(Int32(Sampler.largest($0))) }
        }
        return Array(tokens.dropFirst(prompt.count))
    }

    private let long = (0..<75).map { Int32(40 + $0 % 50) }

    @Test("greedy decoding equals whole forward passes, for a prompt read in pieces too")
    func greedy() throws {
        for prompt in [[65], [65, 66, 67], long] as [[Int32]] {
            let result = try alone(prompt, options())
            #expect(result.text == model.tokenizer.decode(recomputed(prompt, count: 12)))
            #expect(result.tokens == 12 && result.reason == "length")
        }
    }

    @Test("sequences that join, leave and share steps are as they are alone")
    func together() throws {
        let settings = (0..<5).map { index in
            options {
                $0.maxTokens = 4 + 3 * index
                $0.temperature = index % 2 == 0 ? 0 : 0.9
                $0.topP = 0.9
                $0.seed = UInt64(index)
            }
        }
        let prompts: [[Int32]] = [[70, 71], long, [90], [33, 34, 35], Array(long.prefix(40))]
        let expected = try zip(prompts, settings).map { try alone($0, $1) }
        let generator = Generator(model, backend: backend)
        var results: [Int: Result] = [:]
        for (id, prompt) in prompts.enumerated() {
            try generator.add(id: id, prompt: prompt, options: settings[id])
            for delta in try generator.step() {
                results[delta.id, default: Result()].text += delta.text
                results[delta.id, default: Result()].tokens += delta.tokens
                results[delta.id, default: Result()].reason = delta.finishReason ?? ""
            }
        }
        for (id, rest) in try run(generator) {
            results[id, default: Result()].text += rest.text
            results[id, default: Result()].tokens += rest.tokens
            results[id, default: Result()].reason = rest.reason
        }
        for (id, result) in expected.enumerated() { #expect(results[id] == result) }
    }

    @Test("more sequences than run together wait for their turn")
    func many() throws {
        let count = 9
        let generator = Generator(model, backend: backend, sequencesMax: 4)
        for id in 0..<count {
            try generator.add(id: id, prompt: [Int32(40 + id)], options: options())
        }
        let results = try run(generator)
        #expect(results.count == count && results.values.allSatisfy { $0.tokens == 12 })
    }

    @Test("a stop string ends the text before it, also across tokens")
    func stops() throws {
        let whole = try alone([65, 66], options()).text
        let cut = String(whole.dropFirst(4).prefix(3))
        let position = try #require(whole.firstRange(of: cut))
        let result = try alone([65, 66], options { $0.stop = ["@never@", cut] })
        #expect(result.text == String(whole[..<position.lowerBound]))
        #expect(result.reason == "stop" && result.tokens < 12)
        // An unfinished stop string at the end of the tokens is text.
        let tail = try alone([65, 66], options { $0.stop = [String(whole.suffix(2)) + "\u{1}"] })
        #expect(tail.text == whole && tail.reason == "length")
    }

    @Test("an end token ends with stop and has no text")
    func endToken() throws {
        let width = model.backbone.configuration.width
        let table = model.backbone.outputProjection.value.pointer
        let first = recomputed([65], count: 1)[0]
        // Swap the rows: the end token takes the place of the likeliest.
        let copy = Array(UnsafeBufferPointer(start: table + Int(first) * width, count: width))
        for i in 0..<width { (table + 258 * width)[i] = copy[i] * 1.5 }
        let result = try alone([65], options())
        #expect(result == Result(text: "", tokens: 1, reason: "stop"))
    }

    @Test("the context ends a continuation with length; prompts that do not fit are refused")
    func context() throws {
        let prompt = [Int32](repeating: 70, count: TinyLlamaFile.contextLength - 3)
        let result = try alone(prompt, options())
        #expect(result.tokens == 3 && result.reason == "length")
        let generator = Generator(model, backend: backend)
        for wrong in [[], prompt + [1, 2, 3], [259], [-1]] as [[Int32]] {
            #expect(throws: ModelError.self) {
                try generator.add(id: 1, prompt: wrong, options: options())
            }
        }
        #expect(generator.isIdle)
        #expect(try alone([65], options { $0.maxTokens = 0 }).reason == "length")
    }

    @Test("cancelling ends a sequence with the next step, others go on")
    func cancel() throws {
        let generator = Generator(model, backend: backend)
        try generator.add(id: 1, prompt: [65], options: options { $0.maxTokens = 100 })
        try generator.add(id: 2, prompt: [66], options: options())
        _ = try generator.step()
        generator.cancel(id: 1)
        generator.cancel(id: 77)
        let deltas = try generator.step()
        #expect(deltas.first { $0.id == 1 }?.finishReason == "cancelled")
        let rest = try run(generator)
        #expect(rest[1] == nil && rest[2]?.reason == "length")
    }

    @Test("log-probabilities are those of the softmax, whatever the sampling")
    func logprobs() throws {
        let generator = Generator(model, backend: backend)
        try generator.add(
            id: 0, prompt: [65],
            options: options {
                $0.maxTokens = 1
                $0.logprobs = 3
                $0.temperature = 0.5
            })
        let delta = try #require(try generator.step().first)
        let reported = try #require(delta.logprobs.first)
        let tape = Tape(backend, recording: false)
        let hidden = model.backbone.hiddenStates(
            PackedBatch([(task: 0, tokens: [65])]), caches: nil, on: tape)
        let logits = tape.linear(hidden, model.backbone.outputProjection).floats().map(Double.init)
        let total = log(logits.reduce(0) { $0 + exp($1) })
        let best = logits.indices.sorted { logits[$0] > logits[$1] }.prefix(3)
        #expect(reported.top.map(\.token) == best.map { model.tokenizer.decode([Int32($0)]) })
        for (alternative, index) in zip(reported.top, best) {
            // Logits are float32 of order 10.
            #expect(abs(alternative.logprob - (logits[index] - total)) < 1e-5)
        }
        #expect(reported.token == delta.text && reported.logprob <= reported.top[0].logprob)
    }

    @Test("outputs that are not finite are an error and leave the generator usable")
    func diverged() throws {
        let generator = Generator(model, backend: backend)
        model.backbone.outputProjection.value.pointer[0] = .nan
        try generator.add(id: 0, prompt: [65], options: options())
        #expect(throws: ModelError.self) { try generator.step() }
        #expect(generator.isIdle)
    }
}
