import Tensor
import Testing

@testable import Models

@Suite("The stream between blocks")
struct StreamTapTests {
    private static let families = ["bert_mean", "gpt2", "llama", "t5"]

    /// Each of another length, so that a mixed-up row shows.
    private let sequences: [[Int32]] = [[3, 7, 11, 2], [5, 1], [9, 8, 4]]

    private func states(
        _ model: TinyModel, _ sequences: [[Int32]], tap: StreamTap? = nil
    ) -> [Float] {
        model.backbone.hiddenStates(
            PackedBatch(sequences.map { (task: 0, tokens: $0) }), caches: nil, tap: tap,
            on: Tape(model.backend, recording: false)
        ).floats()
    }

    @Test(
        "a tap sees the embeddings and every block's output, and looking changes nothing",
        arguments: families)
    func observing(family: String) throws {
        let model = try TinyModel(family)
        var seen: [Int] = []
        let observed = states(model, sequences) { stream, index in
            #expect(stream.shape == [9, model.backbone.configuration.width])
            seen.append(index)
            return stream
        }
        #expect(seen == Array(0...model.backbone.configuration.layers))
        #expect(observed == states(model, sequences))
    }

    /// So nothing of a text passes a block by another way than the stream.
    @Test("what a tap puts in place of the stream decides all that follows", arguments: families)
    func replacing(family: String) throws {
        let model = try TinyModel(family)
        let others: [[Int32]] = sequences.map { $0.map { $0 + 1 } }
        var streams: [Tensor] = []
        let expected = states(model, sequences) { stream, _ in
            streams.append(stream)
            return stream
        }
        #expect(states(model, others) != expected)
        for place in 0...model.backbone.configuration.layers {
            let replaced = states(model, others) { stream, index in
                index == place ? streams[index] : stream
            }
            #expect(replaced == expected)
        }
    }

    @Test("gradients reach what a tap adds", arguments: families)
    func gradients(family: String) throws {
        let model = try TinyModel(family)
        let width = model.backbone.configuration.width
        let added = Parameter(
            name: "added",
            value: Tensor(
                [Float](repeating: 0, count: width * width),
                [width, width], backend: model.backend))
        for parameter in model.backbone.parameters { parameter.isTrainable = false }
        let tape = Tape(model.backend, recording: true)
        let states = model.backbone.hiddenStates(
            PackedBatch(sequences.map { (task: 0, tokens: $0) }), caches: nil,
            tap: { stream, index in
                index == 1 ? tape.add(stream, tape.linear(stream, added)) : stream
            }, on: tape)
        tape.seed(states, gradient: (0..<states.count).map { Float($0 % 3) - 1 })
        tape.backward()
        #expect(added.gradientNorm(slot: 0) > 0)
        #expect(model.backbone.parameters.allSatisfy { $0.gradientNorm(slot: 0) == 0 })
    }
}
