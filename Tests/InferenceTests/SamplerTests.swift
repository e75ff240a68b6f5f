import Foundation
import Testing

@testable import Inference

@Suite("Sampling")
struct SamplerTests {
    private func draws(
        _ count: Int, _ logits: [Float], prompt: [Int32] = [], _ seed: UInt64 = 1,
        _ set: (inout GenerationOptions) -> Void
    ) -> [Int32] {
        var options = GenerationOptions()
        options.seed = seed
        set(&options)
        var sampler = Sampler(options, prompt: prompt)
        return (0..<count).map { _ in
            var copy = logits
            return copy.withUnsafeMutableBufferPointer { sampler.next($0) }
        }
    }

    private let logits: [Float] = [1, 3, 2, 3, -.greatestFiniteMagnitude]

    @Test("greedy takes the first of the largest")
    func greedy() {
        #expect(draws(2, logits) { _ in } == [1, 1])
        #expect(
            draws(2, logits) {
                $0.temperature = 1
                $0.topK = 1
            } == [1, 1])
    }

    @Test("sampling follows the softmax at the temperature", arguments: [0.5, 1, 2])
    func frequencies(temperature: Double) {
        let count = 20_000
        let tokens = draws(count, logits) { $0.temperature = temperature }
        let weights = logits.map { exp(Double($0) / temperature) }
        let total = weights.reduce(0, +)
        for token in 0..<logits.count {
            let share = Double(tokens.filter { $0 == token }.count) / Double(count)
            // Five standard deviations of a share of 20 000 draws are below 0.018.
            #expect(abs(share - weights[token] / total) < 0.018)
        }
    }

    @Test("top k, top p and min p keep exactly the tokens they should")
    func cuts() {
        // Probabilities 0.400, 0.400, 0.147, 0.054 of tokens 1, 3, 2, 0.
        func kept(_ set: (inout GenerationOptions) -> Void) -> Set<Int32> {
            Set(
                draws(2000, logits) {
                    $0.temperature = 1
                    set(&$0)
                })
        }
        #expect(kept { $0.topK = 2 } == [1, 3])
        #expect(kept { $0.topK = 3 } == [1, 2, 3])
        #expect(kept { $0.topP = 0.3 } == [1])
        #expect(kept { $0.topP = 0.75 } == [1, 3])
        #expect(kept { $0.topP = 0.9 } == [1, 2, 3])
        #expect(kept { $0.minP = 0.5 } == [1, 3])
        #expect(kept { $0.minP = 0.3 } == [1, 2, 3])
        #expect(
            kept {
                $0.topK = 3
                $0.topP = 0.5
                $0.minP = 0.1
            } == [1, 3])
        #expect(kept { $0.topP = 0.999 } == [0, 1, 2, 3])
    }

    @Test("the same seed gives the same tokens, another seed others")
    func seeds() {
        let first = draws(64, logits, 7) { $0.temperature = 1 }
        #expect(first == draws(64, logits, 7) { $0.temperature = 1 })
        #expect(first != draws(64, logits, 8) { $0.temperature = 1 })
    }

    @Test("the repetition penalty lowers what was seen in prompt and continuation")
    func penalty() {
        #expect(draws(3, [2, 2.1, 1.9], prompt: [1]) { $0.repetitionPenalty = 1.2 } == [0, 2, 1])
        // A negative logit is multiplied, so that it falls too.
        #expect(draws(1, [-1, -1.1], prompt: [0]) { $0.repetitionPenalty = 1.5 } == [1])
    }

    @Test("the largest k are those of a full sort", arguments: [1, 2, 7, 100, 300])
    func selection(k: Int) {
        let values = (0..<257).map { Float(($0 * 7919) % 101) }
        let sorted = values.indices.sorted { (values[$1], $0) < (values[$0], $1) }
        values.withUnsafeBufferPointer {
            #expect(TopSelection.largest(k, of: $0) == Array(sorted.prefix(k)))
        }
    }
}
