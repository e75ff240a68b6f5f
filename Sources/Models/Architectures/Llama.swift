package import Tensor

/// Llama (Touvron et al. 2023): pre-norm decoder with RMS norms, rotary positions,
/// grouped-query attention and SwiGLU. Mistral, Qwen2 and SmolLM are this family with other
/// settings. Names and layout are Hugging Face's.
package final class Llama: Architecture {
    static let name = "llama"
    static let ggufNames = ["llama", "qwen2"]
    static let modelTypes = ["llama", "mistral", "qwen2"]
    static let prefix = "model."

    package let configuration: BackboneConfiguration
    package let parameters: [Parameter]
    package let outputProjection: Parameter
    package var lastSharedMatrix: Parameter { blocks.last?.down.weight ?? outputProjection }

    private let settings: Settings
    private let embedding: Parameter
    private let blocks: [Block]
    private let finalNorm: Parameter
    private let backend: any Backend

    /// Parameters are allocated, not initialised.
    package init(_ configuration: BackboneConfiguration, backend: any Backend) throws {
        self.configuration = configuration
        self.backend = backend
        settings = try Settings(configuration.details)
        parameters = try Self.allocate(configuration, backend: backend)
        let table = ParameterTable(parameters)
        embedding = table["model.embed_tokens.weight"]
        blocks = (0..<configuration.layers).map { Block(table.scope("model.layers.\($0)")) }
        finalNorm = table["model.norm.weight"]
        outputProjection = configuration.tiedEmbeddings ? embedding : table["lm_head.weight"]
    }

    package func makeCache(capacity: Int) -> KeyValueCache {
        KeyValueCache(
            layers: configuration.layers,
            width: configuration.keyValueHeads * configuration.headDimension,
            capacity: capacity, backend: backend)
    }

    package func hiddenStates(
        _ batch: PackedBatch, caches: [KeyValueCache]?, tap: StreamTap?, on tape: Tape
    ) -> Tensor {
        let epsilon = configuration.normEpsilon
        var x = tape.embedding(embedding, batch.tokens, rows: batch.rows)
        if let tap { x = tap(x, 0) }
        for (layer, block) in blocks.enumerated() {
            let h = tape.rmsNorm(x, gain: block.attentionNorm, epsilon: epsilon)
            let q = rotate(block.query(h, tape), batch, tape)
            let k = rotate(block.key(h, tape), batch, tape)
            let mixed = tape.attention(
                q, k, block.value(h, tape), segments: batch.segments,
                heads: configuration.heads, keyValueHeads: configuration.keyValueHeads,
                causal: true, window: settings.window, caches: caches, layer: layer)
            x = tape.add(x, block.output(mixed, tape))
            let g = tape.rmsNorm(x, gain: block.hiddenNorm, epsilon: epsilon)
            let activated = tape.swiGLU(block.gate(g, tape), block.up(g, tape))
            x = tape.add(x, block.down(activated, tape))
            if let tap { x = tap(x, layer + 1) }
        }
        for (cache, segment) in zip(caches ?? [], batch.segments) {
            cache.advance(by: segment.count)
        }
        return tape.rmsNorm(x, gain: finalNorm, epsilon: epsilon)
    }

    private func rotate(_ x: Tensor, _ batch: PackedBatch, _ tape: Tape) -> Tensor {
        tape.rotary(
            x, positions: batch.positions, headDimension: configuration.headDimension,
            base: settings.ropeBase, interleaved: false, scaling: settings.scaling)
    }

    private struct Block {
        let attentionNorm, hiddenNorm: Parameter
        let query, key, value, output, gate, up, down: Affine

        init(_ table: ParameterTable) {
            attentionNorm = table["input_layernorm.weight"]
            query = table.affine("self_attn.q_proj")
            key = table.affine("self_attn.k_proj")
            value = table.affine("self_attn.v_proj")
            output = table.affine("self_attn.o_proj")
            hiddenNorm = table["post_attention_layernorm.weight"]
            gate = table.affine("mlp.gate_proj")
            up = table.affine("mlp.up_proj")
            down = table.affine("mlp.down_proj")
        }
    }
}
