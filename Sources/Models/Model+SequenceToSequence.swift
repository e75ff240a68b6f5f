package import Tensor

extension Model {
    /// The losses of writing `targets[i]` (the end token included) after reading segment i of the
    /// encoder's states, target by target in order. `weights` is one number for each target
    /// token; empty when not recording. Tasks must be ascending as in the encoder's batch.
    /// - Throws: `invalid_input` when the backbone has no decoder.
    package func writingLosses(
        _ encoded: Tensor, _ sources: [Segment], targets: [(task: Int, tokens: [Int32])],
        weights: [Float], on tape: Tape
    ) throws -> [Float] {
        let pair = try encoderDecoder()
        let fed = PackedBatch(
            targets.map {
                (task: $0.task, tokens: [pair.startToken] + Array($0.tokens.dropLast()))
            })
        let states = pair.decode(fed, reading: encoded, sources, on: tape)
        return tape.linearCrossEntropy(
            states, pair.outputProjection, targets: targets.flatMap(\.tokens), weights: weights)
    }

    /// Greedy texts for several prompts together, each up to the tokenizer's end token (left out)
    /// or `tokensMax`.
    /// - Throws: `invalid_input` when the backbone has no decoder.
    package func write(_ prompts: [[Int32]], tokensMax: Int) throws -> [[Int32]] {
        let pair = try encoderDecoder()
        let tape = Tape(backend, recording: false)
        let batch = PackedBatch(prompts.map { (task: 0, tokens: $0) })
        let encoded = pair.hiddenStates(batch, caches: nil, on: tape)
        let caches = pair.makeCaches(
            reading: encoded, batch.segments, capacity: min(tokensMax, 64) + 1)
        var outputs = prompts.map { _ in [Int32]() }
        var going = Array(prompts.indices)
        for step in 0..<tokensMax where !going.isEmpty {
            let fed = PackedBatch(
                going.map { (task: 0, tokens: [outputs[$0].last ?? pair.startToken]) },
                startingAt: going.map { _ in step })
            let states = pair.decode(fed, caches: going.map { caches[$0] }, on: tape)
            let logits = tape.linear(states, pair.outputProjection)
            let width = logits.shape[1]
            for (row, index) in going.enumerated() {
                let values = UnsafeBufferPointer(start: logits.pointer + row * width, count: width)
                outputs[index].append(
                    Int32(values.indices.max { values[$0] < values[$1] } ?? 0))
            }
            going.removeAll { tokenizer.endTokens.contains(outputs[$0].last ?? 0) }
        }
        return outputs.map { output in
            output.last.map(tokenizer.endTokens.contains) ?? false ? output.dropLast() : output
        }
    }

    private func encoderDecoder() throws -> any EncoderDecoder {
        guard let pair = backbone as? any EncoderDecoder else {
            throw ModelError.invalidInput(
                "task kind sequence_to_sequence needs an encoder with a decoder, the base model "
                    + "is of the family \(backbone.configuration.architecture)")
        }
        return pair
    }
}
