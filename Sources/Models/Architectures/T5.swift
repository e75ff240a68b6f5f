package import Tensor

/// T5 (Raffel et al., 1910.10683): an encoder and a decoder with RMS norms before each part, a
/// learnt bias by distance that all layers share, attention without scaling, and no biases.
/// Names are Hugging Face's.
package final class T5: Architecture, EncoderDecoder {
    static let name = "t5"
    static let modelTypes = ["t5", "mt5"]
    static let prefix = ""
    static var writes: HeadKind? { .sequenceToSequence }

    package let configuration: BackboneConfiguration
    package let parameters: [Parameter]
    package let outputProjection: Parameter
    package let startToken: Int32
    package var isCausal: Bool { false }
    package var pooling: Pooling { .mean }
    /// In the encoder, which every head reads.
    package var lastSharedMatrix: Parameter { encoder.last?.hidden.contract ?? shared }

    private let shared: Parameter
    private let encoder, decoder: [Block]
    private let encoderNorm, decoderNorm: Parameter
    private let encoderBias, decoderBias: RelativeBias
    private let settings: Settings
    private let backend: any Backend

    package init(_ configuration: BackboneConfiguration, backend: any Backend) throws {
        self.configuration = configuration
        self.backend = backend
        settings = try Settings(configuration.details)
        startToken = settings.startToken
        parameters = try Self.allocate(configuration, backend: backend)
        let table = ParameterTable(parameters)
        shared = table["shared.weight"]
        encoder = (0..<configuration.layers).map {
            Block(table.scope("encoder.block.\($0)"), reads: false)
        }
        decoder = (0..<settings.decoderLayers).map {
            Block(table.scope("decoder.block.\($0)"), reads: true)
        }
        encoderNorm = table["encoder.final_layer_norm.weight"]
        decoderNorm = table["decoder.final_layer_norm.weight"]
        let bias = "block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        encoderBias = RelativeBias(
            table["encoder.\(bias)"], bidirectional: true, distanceMax: settings.distanceMax)
        decoderBias = RelativeBias(
            table["decoder.\(bias)"], bidirectional: false, distanceMax: settings.distanceMax)
        outputProjection = configuration.tiedEmbeddings ? shared : table["lm_head.weight"]
    }

    package func makeCache(capacity: Int) -> KeyValueCache {
        KeyValueCache(
            layers: settings.decoderLayers,
            width: configuration.heads * configuration.headDimension, capacity: capacity,
            backend: backend)
    }

    package func hiddenStates(
        _ batch: PackedBatch, caches: [KeyValueCache]?, tap: StreamTap?, on tape: Tape
    ) -> Tensor {
        precondition(caches == nil, "the encoder sees whole sequences: it has no cache")
        var x = tape.embedding(shared, batch.tokens, rows: batch.rows)
        if let tap { x = tap(x, 0) }
        for (layer, block) in encoder.enumerated() {
            x = attend(block.own, x, batch.segments, causal: false, bias: encoderBias, on: tape)
            x = feed(block.hidden, x, on: tape)
            if let tap { x = tap(x, layer + 1) }
        }
        return tape.rmsNorm(x, gain: encoderNorm, epsilon: configuration.normEpsilon)
    }

    package func decode(
        _ batch: PackedBatch, reading encoded: Tensor, _ sources: [Segment], on tape: Tape
    ) -> Tensor {
        var x = tape.embedding(shared, batch.tokens, rows: batch.rows)
        for block in decoder {
            x = attend(block.own, x, batch.segments, causal: true, bias: decoderBias, on: tape)
            if let part = block.other {
                let h = tape.rmsNorm(x, gain: part.norm, epsilon: configuration.normEpsilon)
                let mixed = tape.attention(
                    tape.linear(h, part.query), tape.linear(encoded, part.key),
                    tape.linear(encoded, part.value), segments: batch.segments,
                    keySegments: sources, heads: configuration.heads,
                    keyValueHeads: configuration.heads, causal: false, scale: 1)
                x = tape.add(x, tape.linear(mixed, part.output))
            }
            x = feed(block.hidden, x, on: tape)
        }
        return finish(x, on: tape)
    }

    package func makeCaches(reading encoded: Tensor, _ sources: [Segment], capacity: Int)
        -> [DecodingCache]
    {
        let caches = sources.map {
            DecodingCache(
                written: makeCache(capacity: capacity), read: makeCache(capacity: $0.count))
        }
        let tape = Tape(backend, recording: false)
        for (layer, block) in decoder.enumerated() {
            guard let part = block.other else { continue }
            let keys = tape.linear(encoded, part.key)
            let values = tape.linear(encoded, part.value)
            for (cache, rows) in zip(caches, sources) {
                cache.read.append(keys: keys, values: values, rows: rows, layer: layer)
            }
        }
        for (cache, rows) in zip(caches, sources) { cache.read.advance(by: rows.count) }
        return caches
    }

    package func decode(_ batch: PackedBatch, caches: [DecodingCache], on tape: Tape) -> Tensor {
        var x = tape.embedding(shared, batch.tokens, rows: batch.rows)
        for (layer, block) in decoder.enumerated() {
            x = attend(
                block.own, x, batch.segments, causal: true, bias: decoderBias,
                caches: caches.map(\.written), layer: layer, on: tape)
            if let part = block.other {
                let h = tape.rmsNorm(x, gain: part.norm, epsilon: configuration.normEpsilon)
                let mixed = tape.attention(
                    tape.linear(h, part.query), reading: caches.map(\.read), layer: layer,
                    segments: batch.segments, heads: configuration.heads,
                    keyValueHeads: configuration.heads, scale: 1)
                x = tape.add(x, tape.linear(mixed, part.output))
            }
            x = feed(block.hidden, x, on: tape)
        }
        for (cache, segment) in zip(caches, batch.segments) {
            cache.written.advance(by: segment.count)
        }
        return finish(x, on: tape)
    }

    /// With a tied table the states are scaled, as the table was not initialised for a softmax.
    private func finish(_ x: Tensor, on tape: Tape) -> Tensor {
        let y = tape.rmsNorm(x, gain: decoderNorm, epsilon: configuration.normEpsilon)
        guard configuration.tiedEmbeddings else { return y }
        return tape.scale(y, by: 1 / Float(configuration.width).squareRoot())
    }

    private func attend(
        _ part: AttentionPart, _ x: Tensor, _ segments: [Segment], causal: Bool,
        bias: RelativeBias, caches: [KeyValueCache]? = nil, layer: Int = 0, on tape: Tape
    ) -> Tensor {
        let h = tape.rmsNorm(x, gain: part.norm, epsilon: configuration.normEpsilon)
        let mixed = tape.attention(
            tape.linear(h, part.query), tape.linear(h, part.key), tape.linear(h, part.value),
            segments: segments, heads: configuration.heads, keyValueHeads: configuration.heads,
            causal: causal, scale: 1, bias: bias, caches: caches, layer: layer)
        return tape.add(x, tape.linear(mixed, part.output))
    }

    private func feed(_ part: HiddenPart, _ x: Tensor, on tape: Tape) -> Tensor {
        let h = tape.rmsNorm(x, gain: part.norm, epsilon: configuration.normEpsilon)
        let expanded = tape.linear(h, part.expand)
        let inner =
            switch (settings.form, part.gated) {
            case (.gatedSiLU, let gated?): tape.swiGLU(expanded, tape.linear(h, gated))
            case (.gatedGELU, let gated?):
                tape.multiply(tape.activate(expanded, .geluTanh), tape.linear(h, gated))
            default: tape.activate(expanded, .relu)
            }
        return tape.add(x, tape.linear(inner, part.contract))
    }
}

extension T5 {
    private struct AttentionPart {
        let norm, query, key, value, output: Parameter

        init(_ table: ParameterTable, _ name: String) {
            norm = table["layer_norm.weight"]
            (query, key) = (table["\(name).q.weight"], table["\(name).k.weight"])
            (value, output) = (table["\(name).v.weight"], table["\(name).o.weight"])
        }
    }

    private struct HiddenPart {
        let norm, expand, contract: Parameter
        let gated: Parameter?

        init(_ table: ParameterTable) {
            norm = table["layer_norm.weight"]
            gated = table.find("DenseReluDense.wi_1.weight")
            expand = table["DenseReluDense.wi\(gated == nil ? "" : "_0").weight"]
            contract = table["DenseReluDense.wo.weight"]
        }
    }

    private struct Block {
        let own: AttentionPart
        /// The decoder's attention to the encoder.
        let other: AttentionPart?
        let hidden: HiddenPart

        init(_ table: ParameterTable, reads: Bool) {
            own = AttentionPart(table.scope("layer.0"), "SelfAttention")
            other = reads ? AttentionPart(table.scope("layer.1"), "EncDecAttention") : nil
            hidden = HiddenPart(table.scope("layer.\(reads ? 2 : 1)"))
        }
    }
}
