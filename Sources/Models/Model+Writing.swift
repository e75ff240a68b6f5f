import Tensor

extension Model {
    /// What the model writes after each prompt, always taking the likeliest token, all together.
    /// A text ends before the tokenizer's end token or with as many tokens as it may have.
    /// - Parameters:
    ///   - tokensMax: of each text.
    ///   - between: called before each token; what it throws ends the writing.
    /// - Throws: `invalid_input` when the backbone only reads.
    package func write(
        _ prompts: [[Int32]], tokensMax: [Int], between: () throws -> Void = {}
    ) throws -> [[Int32]] {
        let tape = Tape(backend, recording: false)
        let next = try successor(prompts, on: tape)
        var outputs = prompts.map { _ in [Int32]() }
        var ended = Set<Int>()
        while true {
            let going = outputs.indices.filter {
                !ended.contains($0) && outputs[$0].count < tokensMax[$0]
            }
            guard !going.isEmpty else { return outputs }
            try between()
            let logits = next(going, outputs)
            let width = logits.shape[1]
            for (row, index) in going.enumerated() {
                let values = UnsafeBufferPointer(start: logits.pointer + row * width, count: width)
                let token = Int32(values.indices.max { values[$0] < values[$1] } ?? 0)
                if tokenizer.endTokens.contains(token) {
                    ended.insert(index)
                } else {
                    outputs[index].append(token)
                }
            }
        }
    }

    /// From the sequences that go on and what all have so far to the logits of their next tokens.
    private typealias Successor = (_ going: [Int], _ outputs: [[Int32]]) -> Tensor

    private func successor(_ prompts: [[Int32]], on tape: Tape) throws -> Successor {
        if let pair = backbone as? any EncoderDecoder {
            let batch = PackedBatch(prompts.map { (task: 0, tokens: $0) })
            let encoded = pair.hiddenStates(batch, caches: nil, on: tape)
            let caches = pair.makeCaches(reading: encoded, batch.segments, capacity: 64)
            return { [backbone] going, outputs in
                let fed = PackedBatch(
                    going.map { (task: 0, tokens: [outputs[$0].last ?? pair.startToken]) },
                    startingAt: going.map { outputs[$0].count })
                let states = pair.decode(fed, caches: going.map { caches[$0] }, on: tape)
                return tape.linear(states, backbone.outputProjection)
            }
        }
        guard backbone.isCausal else {
            throw ModelError.invalidInput(
                "a model of the family \(backbone.configuration.architecture) writes no text")
        }
        let caches = prompts.map { backbone.makeCache(capacity: $0.count + 64) }
        return { [backbone] going, outputs in
            // All prompts are read at once, since none has ended before its first token.
            let fed = PackedBatch(
                going.map { (task: 0, tokens: outputs[$0].last.map { [$0] } ?? prompts[$0]) },
                startingAt: going.map {
                    outputs[$0].isEmpty ? 0 : prompts[$0].count + outputs[$0].count - 1
                })
            let hidden = backbone.hiddenStates(fed, caches: going.map { caches[$0] }, on: tape)
            let states = tape.gather(
                hidden, fed.segments.map { Int32($0.upperBound - 1) },
                rows: RowSpace(count: going.count))
            return tape.linear(states, backbone.outputProjection)
        }
    }
}
