package import Tensor

/// Llama (Touvron et al. 2023): pre-norm decoder with RMS norms, rotary positions,
/// grouped-query attention and SwiGLU; no biases. Names and layout are Hugging Face's.
package final class Llama: Architecture {
    static let name = "llama"

    package let configuration: BackboneConfiguration
    package let parameters: [Parameter]
    package let outputProjection: Parameter
    package var lastSharedMatrix: Parameter { blocks.last?.down ?? outputProjection }

    private let embedding: Parameter
    private let blocks: [Block]
    private let finalNorm: Parameter
    private let backend: any Backend

    /// Parameters are allocated, not initialised.
    package init(_ configuration: BackboneConfiguration, backend: any Backend) {
        let all = Self.layout(configuration).map {
            Parameter(name: $0.name, value: Tensor($0.shape, backend: backend))
        }
        self.configuration = configuration
        self.backend = backend
        parameters = all
        embedding = all[0]
        blocks = (0..<configuration.layers).map { layer in
            Block(all[(1 + layer * Block.size)..<(1 + (layer + 1) * Block.size)])
        }
        finalNorm = all[1 + configuration.layers * Block.size]
        outputProjection = configuration.tiedEmbeddings ? embedding : all[all.count - 1]
    }

    package func makeCache(capacity: Int) -> KeyValueCache {
        KeyValueCache(
            layers: configuration.layers,
            width: configuration.keyValueHeads * configuration.headDimension,
            capacity: capacity, backend: backend)
    }

    package func hiddenStates(_ batch: PackedBatch, caches: [KeyValueCache]?, on tape: Tape)
        -> Tensor
    {
        let epsilon = configuration.normEpsilon
        var x = tape.embedding(embedding, batch.tokens, rows: batch.rows)
        for (layer, block) in blocks.enumerated() {
            let h = tape.rmsNorm(x, gain: block.attentionNorm, epsilon: epsilon)
            let q = rotate(tape.linear(h, block.query), batch, tape)
            let k = rotate(tape.linear(h, block.key), batch, tape)
            let v = tape.linear(h, block.value)
            let mixed = tape.attention(
                q, k, v, segments: batch.segments, heads: configuration.heads,
                keyValueHeads: configuration.keyValueHeads, causal: true, caches: caches,
                layer: layer)
            x = tape.add(x, tape.linear(mixed, block.output))
            let g = tape.rmsNorm(x, gain: block.hiddenNorm, epsilon: epsilon)
            let activated = tape.swiGLU(tape.linear(g, block.gate), tape.linear(g, block.up))
            x = tape.add(x, tape.linear(activated, block.down))
        }
        for (cache, segment) in zip(caches ?? [], batch.segments) {
            cache.advance(by: segment.count)
        }
        return tape.rmsNorm(x, gain: finalNorm, epsilon: epsilon)
    }

    private func rotate(_ x: Tensor, _ batch: PackedBatch, _ tape: Tape) -> Tensor {
        tape.rotary(
            x, positions: batch.positions, headDimension: configuration.headDimension,
            base: configuration.ropeBase, interleaved: false)
    }
}

extension Llama {
    private struct Block {
        static let size = 9

        let attentionNorm, query, key, value, output: Parameter
        let hiddenNorm, gate, up, down: Parameter

        /// In the order of `Llama.layout`.
        init(_ parameters: ArraySlice<Parameter>) {
            let p = Array(parameters)
            (attentionNorm, query, key, value, output) = (p[0], p[1], p[2], p[3], p[4])
            (hiddenNorm, gate, up, down) = (p[5], p[6], p[7], p[8])
        }
    }

    static func layout(_ c: BackboneConfiguration) -> [ParameterSource] {
        let queryWidth = c.heads * c.headDimension
        let keyWidth = c.keyValueHeads * c.headDimension
        var sources = [
            ParameterSource(
                name: "model.embed_tokens.weight", shape: [c.vocabulary, c.width],
                stored: "token_embd.weight")
        ]
        for layer in 0..<c.layers {
            func add(_ name: String, _ stored: String, _ shape: [Int], rotary: Bool = false) {
                sources.append(
                    ParameterSource(
                        name: "model.layers.\(layer).\(name).weight", shape: shape,
                        stored: "blk.\(layer).\(stored).weight",
                        rotaryHeadDimension: rotary ? c.headDimension : nil))
            }
            add("input_layernorm", "attn_norm", [c.width])
            add("self_attn.q_proj", "attn_q", [queryWidth, c.width], rotary: true)
            add("self_attn.k_proj", "attn_k", [keyWidth, c.width], rotary: true)
            add("self_attn.v_proj", "attn_v", [keyWidth, c.width])
            add("self_attn.o_proj", "attn_output", [c.width, queryWidth])
            add("post_attention_layernorm", "ffn_norm", [c.width])
            add("mlp.gate_proj", "ffn_gate", [c.hidden, c.width])
            add("mlp.up_proj", "ffn_up", [c.hidden, c.width])
            add("mlp.down_proj", "ffn_down", [c.width, c.hidden])
        }
        sources.append(
            ParameterSource(
                name: "model.norm.weight", shape: [c.width], stored: "output_norm.weight"))
        if !c.tiedEmbeddings {
            sources.append(
                ParameterSource(
                    name: "lm_head.weight", shape: [c.vocabulary, c.width],
                    stored: "output.weight"))
        }
        return sources
    }

    static func configuration(of file: GGUFFile) throws -> BackboneConfiguration {
        func size(_ key: String, max: Int, default fallback: Int? = nil) throws -> Int {
            try file.integer("llama.\(key)", in: 1...max, default: fallback)
        }
        if let scaling = file.string("llama.rope.scaling.type"), scaling != "none" {
            throw ModelError.badModel(
                "GGUF: llama.rope.scaling.type \(printable(scaling)) is not supported")
        }
        let width = try size("embedding_length", max: 1 << 17)
        let heads = try size("attention.head_count", max: 4096)
        let keyValueHeads = try size("attention.head_count_kv", max: heads, default: heads)
        let headDimension = try size(
            "attention.key_length", max: 1 << 16, default: Swift.max(width / heads, 1))
        let rotated = try size("rope.dimension_count", max: 1 << 16, default: headDimension)
        guard heads % keyValueHeads == 0, headDimension % 2 == 0, rotated == headDimension else {
            throw ModelError.badModel(
                "GGUF: \(heads) heads with \(keyValueHeads) key-value heads of \(headDimension) "
                    + "values, \(rotated) rotated, are not supported; the heads must divide "
                    + "evenly and rotate all of an even number of values")
        }
        let tokens = try file.strings("tokenizer.ggml.tokens").count
        return BackboneConfiguration(
            architecture: name,
            vocabulary: try size("vocab_size", max: 1 << 24, default: tokens),
            width: width, layers: try size("block_count", max: 1024), heads: heads,
            keyValueHeads: keyValueHeads, headDimension: headDimension,
            hidden: try size("feed_forward_length", max: 1 << 20),
            contextLength: try size("context_length", max: 1 << 24),
            normEpsilon: Float(
                try file.number("llama.attention.layer_norm_rms_epsilon", in: 0...1)),
            ropeBase: Float(
                try file.number("llama.rope.freq_base", in: 1...1e12, default: 10_000)),
            tiedEmbeddings: file.tensors["output.weight"] == nil)
    }
}
