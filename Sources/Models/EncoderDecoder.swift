package import Tensor

/// A backbone that reads one text and writes another. Its `hiddenStates` are the encoder's.
///
/// Encoder and decoder rows are two row spaces: a task has a span in each.
package protocol EncoderDecoder: Backbone {
    /// What the decoder is fed first.
    var startToken: Int32 { get }
    /// `[M, D]` of the decoder, to be multiplied with `outputProjection`. Segment i of `batch`
    /// reads the encoder's rows `sources[i]` of `encoded`.
    func decode(
        _ batch: PackedBatch, reading encoded: Tensor, _ sources: [Segment], on tape: Tape
    ) -> Tensor
    /// A cache for each of the encoder's segments, with what every layer reads of it.
    func makeCaches(reading encoded: Tensor, _ sources: [Segment], capacity: Int) -> [DecodingCache]
    /// The next rows of sequences with caches, without recording.
    func decode(_ batch: PackedBatch, caches: [DecodingCache], on tape: Tape) -> Tensor
}

/// What decoding keeps of one sequence.
package struct DecodingCache {
    /// Keys and values of what was written, appended to by each step.
    package let written: KeyValueCache
    /// Keys and values of what is read; does not change.
    package let read: KeyValueCache
}
