internal import JSON
package import Tensor

/// GPT-2 (Radford et al. 2019): pre-norm decoder with layer norms, learnt positions, one fused
/// projection for queries, keys and values, and GELU by tanh. Names are Hugging Face's, whose
/// files keep matrices as `[inputs, outputs]`.
package final class GPT2: Architecture {
    static let name = "gpt2"
    static let modelTypes = ["gpt2"]
    static let prefix = "transformer."

    package let configuration: BackboneConfiguration
    package let parameters: [Parameter]
    package let outputProjection: Parameter
    package var lastSharedMatrix: Parameter { blocks.last?.contract.weight ?? outputProjection }

    private let words, positions: Parameter
    private let blocks: [Block]
    private let finalNorm: Affine
    private let activation: Activation
    private let backend: any Backend

    package init(_ configuration: BackboneConfiguration, backend: any Backend) throws {
        self.configuration = configuration
        self.backend = backend
        activation = try Self.activation(configuration.details)
        parameters = try Self.allocate(configuration, backend: backend)
        let table = ParameterTable(parameters)
        words = table["transformer.wte.weight"]
        positions = table["transformer.wpe.weight"]
        blocks = (0..<configuration.layers).map { Block(table.scope("transformer.h.\($0)")) }
        finalNorm = table.affine("transformer.ln_f")
        outputProjection = configuration.tiedEmbeddings ? words : table["lm_head.weight"]
    }

    package func makeCache(capacity: Int) -> KeyValueCache {
        KeyValueCache(
            layers: configuration.layers, width: configuration.width, capacity: capacity,
            backend: backend)
    }

    package func hiddenStates(
        _ batch: PackedBatch, caches: [KeyValueCache]?, tap: StreamTap?, on tape: Tape
    ) -> Tensor {
        let (epsilon, width) = (configuration.normEpsilon, configuration.width)
        var x = tape.add(
            tape.embedding(words, batch.tokens, rows: batch.rows),
            tape.embedding(positions, batch.positions, rows: batch.rows))
        if let tap { x = tap(x, 0) }
        for (layer, block) in blocks.enumerated() {
            let fused = block.fused(block.attentionNorm.norm(x, epsilon: epsilon, tape), tape)
            let mixed = tape.attention(
                tape.columns(fused, 0..<width), tape.columns(fused, width..<2 * width),
                tape.columns(fused, 2 * width..<3 * width), segments: batch.segments,
                heads: configuration.heads, keyValueHeads: configuration.heads, causal: true,
                caches: caches, layer: layer)
            x = tape.add(x, block.output(mixed, tape))
            let inner = block.expand(block.hiddenNorm.norm(x, epsilon: epsilon, tape), tape)
            x = tape.add(x, block.contract(tape.activate(inner, activation), tape))
            if let tap { x = tap(x, layer + 1) }
        }
        for (cache, segment) in zip(caches ?? [], batch.segments) {
            cache.advance(by: segment.count)
        }
        return finalNorm.norm(x, epsilon: epsilon, tape)
    }

    private struct Block {
        let attentionNorm, fused, output, hiddenNorm, expand, contract: Affine

        init(_ table: ParameterTable) {
            attentionNorm = table.affine("ln_1")
            fused = table.affine("attn.c_attn")
            output = table.affine("attn.c_proj")
            hiddenNorm = table.affine("ln_2")
            expand = table.affine("mlp.c_fc")
            contract = table.affine("mlp.c_proj")
        }
    }
}

// What a file must hold
extension GPT2 {
    private static func activation(_ config: ConfigFile) throws -> Activation {
        try config.activation("activation_function", default: "gelu_new")
    }

    static func configuration(of config: ConfigFile) throws -> BackboneConfiguration {
        _ = try activation(config)
        for (key, usual) in [
            ("scale_attn_weights", true), ("scale_attn_by_inverse_layer_idx", false),
            ("add_cross_attention", false),
        ] where try config.flag(key, default: usual) != usual {
            throw ModelError.badModel("config.json: \(key) must be \(usual)")
        }
        let width = try config.integer("n_embd", "hidden_size", in: 1...1 << 17)
        return BackboneConfiguration(
            architecture: name,
            vocabulary: try config.integer("vocab_size", in: 1...1 << 24), width: width,
            layers: try config.integer("n_layer", "num_hidden_layers", in: 1...1024),
            heads: try config.heads("n_head", dividing: width),
            hidden: try config.integer("n_inner", in: 1...1 << 20, default: 4 * width),
            contextLength: try config.integer(
                "n_positions", "max_position_embeddings", in: 1...1 << 24, default: 1024),
            normEpsilon: Float(
                try config.number("layer_norm_epsilon", in: 0...1, default: 1e-5)),
            tiedEmbeddings: try config.flag("tie_word_embeddings", default: true),
            details: config)
    }

    static func config(of file: GGUFFile) throws -> ConfigFile {
        func size(_ key: String, max: Int) throws -> JSON {
            .integer(Int64(try file.integer("gpt2.\(key)", in: 1...max)))
        }
        let tokens = try file.strings("tokenizer.ggml.tokens").count
        return ConfigFile([
            "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"],
            "vocab_size": .integer(Int64(tokens)),
            "n_embd": try size("embedding_length", max: 1 << 17),
            "n_layer": try size("block_count", max: 1024),
            "n_head": try size("attention.head_count", max: 4096),
            "n_inner": try size("feed_forward_length", max: 1 << 20),
            "n_positions": try size("context_length", max: 1 << 24),
            "layer_norm_epsilon": .number(
                try file.number("gpt2.attention.layer_norm_epsilon", in: 0...1)),
            "activation_function": "gelu_new",
            "tie_word_embeddings": .bool(file.tensors["output.weight"] == nil),
        ])
    }

    static func ignores(_ tensor: String, _ c: BackboneConfiguration) -> Bool {
        tensor.hasSuffix(".attn.bias") || tensor.hasSuffix(".attn.masked_bias")
            || (c.tiedEmbeddings && tensor == "lm_head.weight")
    }

    /// What is added to the residual is smaller the more layers add to it (section 2.3).
    static func deviation(of source: ParameterSource, _ c: BackboneConfiguration) -> Double {
        source.name.hasSuffix("c_proj.weight") ? 0.02 / Double(2 * c.layers).squareRoot() : 0.02
    }

    static func layout(_ c: BackboneConfiguration) throws -> [ParameterSource] {
        var sources: [ParameterSource] = []
        func add(_ name: String, _ stored: String, _ shape: [Int], isTransposed: Bool = false) {
            sources.append(
                ParameterSource(
                    name: name, shape: shape, stored: stored, isTransposed: isTransposed))
        }
        func norm(_ name: String, _ stored: String) {
            add("\(name).weight", "\(stored).weight", [c.width])
            add("\(name).bias", "\(stored).bias", [c.width])
        }
        add("transformer.wte.weight", "token_embd.weight", [c.vocabulary, c.width])
        add("transformer.wpe.weight", "position_embd.weight", [c.contextLength, c.width])
        for layer in 0..<c.layers {
            let (block, stored) = ("transformer.h.\(layer)", "blk.\(layer)")
            func dense(_ name: String, _ place: String, _ outputs: Int, _ inputs: Int) {
                add(
                    "\(block).\(name).weight", "\(stored).\(place).weight", [outputs, inputs],
                    isTransposed: true)
                add("\(block).\(name).bias", "\(stored).\(place).bias", [outputs])
            }
            norm("\(block).ln_1", "\(stored).attn_norm")
            dense("attn.c_attn", "attn_qkv", 3 * c.width, c.width)
            dense("attn.c_proj", "attn_output", c.width, c.width)
            norm("\(block).ln_2", "\(stored).ffn_norm")
            dense("mlp.c_fc", "ffn_up", c.hidden, c.width)
            dense("mlp.c_proj", "ffn_down", c.width, c.hidden)
        }
        norm("transformer.ln_f", "output_norm")
        if !c.tiedEmbeddings { add("lm_head.weight", "output.weight", [c.vocabulary, c.width]) }
        return sources
    }
}
