import Tensor

extension Model {
    /// What the model writes after each prompt, always taking the likeliest token, all together.
    /// A text ends before the tokenizer's end token or with as many tokens as it may have.
    /// - Parameters:
    ///   - task: whose adapter and network write; nil: the model as it is without.
    ///   - tokensMax: of each text.
    ///   - between: called before each token; what it throws ends the writing.
    /// - Throws: `invalid_input` when the backbone only reads.
    package func write(
        _ prompts: [[Int32]], task: String? = nil, tokensMax: [Int],
        between: () throws -> Void = {}
    ) throws -> [[Int32]] {
        let tape = Tape(backend, recording: false)
        let next = try successor(prompts, task: task, on: tape)
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

    private func successor(
        _ prompts: [[Int32]], task: String?, on tape: Tape
    ) throws -> Successor {
        let adapter = task.flatMap { adapterKey(task: $0) }
        func batch(_ tokens: [[Int32]], startingAt starts: [Int] = []) -> PackedBatch {
            PackedBatch(
                tokens.map { (task: 0, tokens: $0) }, startingAt: starts,
                adapters: tokens.map { _ in adapter })
        }
        if let pair = backbone as? any EncoderDecoder {
            let read = batch(prompts)
            let encoded = pair.hiddenStates(read, caches: nil, on: tape)
            let caches = pair.makeCaches(reading: encoded, read.segments, capacity: 64)
            return { [backbone] going, outputs in
                let fed = batch(
                    going.map { [outputs[$0].last ?? pair.startToken] },
                    startingAt: going.map { outputs[$0].count })
                let states = pair.decode(fed, caches: going.map { caches[$0] }, on: tape)
                return tape.linear(states, backbone.outputProjection)
            }
        }
        guard backbone.isCausal else {
            throw ModelError.invalidInput(
                "a model of the family \(backbone.configuration.architecture) writes no text")
        }
        let column = task.map { self.column(task: $0) } ?? 0
        let caches = prompts.map { makeCache(column: column, capacity: $0.count + 64) }
        return { [self] going, outputs in
            // All prompts are read at once, since none has ended before its first token.
            let fed = batch(
                going.map { outputs[$0].last.map { [$0] } ?? prompts[$0] },
                startingAt: going.map {
                    outputs[$0].isEmpty ? 0 : prompts[$0].count + outputs[$0].count - 1
                })
            let hidden = hiddenStates(
                fed, column: column, caches: going.map { caches[$0] }, on: tape)
            let states = tape.gather(
                hidden, fed.segments.map { Int32($0.upperBound - 1) },
                rows: RowSpace(count: going.count))
            return tape.linear(states, networks[column].outputProjection)
        }
    }
}
