package import Tensor

extension Model {
    /// The losses of writing `targets[i]` (the end token included) after reading segment i of the
    /// encoder's states, target by target in order. `weights` is one number for each target
    /// token; empty when not recording; `adapters` as in `PackedBatch`. Tasks must be ascending as in the encoder's batch.
    ///
    /// The backbone must have a decoder; `check` says so of a head.
    package func writingLosses(
        _ encoded: Tensor, _ sources: [Segment], targets: [(task: Int, tokens: [Int32])],
        adapters: [String?] = [], weights: [Float], on tape: Tape
    ) -> [Float] {
        let states = writingStates(
            encoded, sources, targets: targets, adapters: adapters, on: tape)
        return tape.linearCrossEntropy(
            states, backbone.outputProjection, targets: targets.flatMap(\.tokens), weights: weights)
    }

    /// The decoder's states `[M, D]` that predict the targets, one for each target token.
    package func writingStates(
        _ encoded: Tensor, _ sources: [Segment], targets: [(task: Int, tokens: [Int32])],
        adapters: [String?] = [], on tape: Tape
    ) -> Tensor {
        guard let pair = backbone as? any EncoderDecoder else {
            preconditionFailure("the backbone has no decoder beside its encoder")
        }
        let fed = PackedBatch(
            targets.map {
                (task: $0.task, tokens: [pair.startToken] + Array($0.tokens.dropLast()))
            }, adapters: adapters)
        return pair.decode(fed, reading: encoded, sources, on: tape)
    }
}
