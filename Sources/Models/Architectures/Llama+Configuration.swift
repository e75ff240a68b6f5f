// What files say of a Llama, and which tensors they must hold.

import JSON
import Tensor

extension Llama {
    /// What the variants differ in.
    struct Settings {
        let ropeBase: Float
        let scaling: RotaryScaling
        /// Most keys that a query sees (Mistral, 2310.06825).
        let window: Int?
        /// Biases of the query, key and value projections (Qwen2, 2407.10671), of the attention's
        /// output, and of the three matrices of the feed-forward part.
        let inputBias, outputBias, hiddenBias: Bool

        init(_ config: ConfigFile) throws {
            let rope =
                try config.section("rope_parameters") ?? config.section("rope_scaling")
            ropeBase = Float(
                try rope?.value("rope_theta") == nil
                    ? config.number("rope_theta", in: 1...1e12, default: 10_000)
                    : rope?.number("rope_theta", in: 1...1e12) ?? 10_000)
            scaling = try rope.map { try $0.rotaryScaling() } ?? .none
            try config.require("hidden_act", oneOf: ["silu"])
            let type = try config.text("model_type", default: "llama")
            window = try Self.window(config, type)
            let attention = try config.flag("attention_bias", default: false)
            inputBias = attention || type == "qwen2"
            outputBias = attention && type == "llama"
            hiddenBias = try config.flag("mlp_bias", default: false)
        }

        private static func window(_ config: ConfigFile, _ type: String) throws -> Int? {
            // Qwen2 has a window only where the configuration turns it on, and then in its upper
            // layers; one for all layers is supported.
            let slides = try config.flag("use_sliding_window", default: false)
            guard type == "mistral" || type == "qwen2" && slides else { return nil }
            guard config.value("sliding_window") != nil else { return nil }
            return try config.integer("sliding_window", in: 1...1 << 24)
        }
    }

    static func configuration(of config: ConfigFile) throws -> BackboneConfiguration {
        let settings = try Settings(config)
        if settings.window != nil, try config.text("model_type") == "qwen2",
            try config.integer("max_window_layers", in: 0...4096, default: 28) != 0
        {
            throw ModelError.badModel(
                "config.json: use_sliding_window for some layers only (max_window_layers above 0) "
                    + "is not supported")
        }
        let width = try config.integer("hidden_size", in: 1...1 << 17)
        let heads = try config.integer("num_attention_heads", in: 1...4096)
        let keyValueHeads = try config.integer(
            "num_key_value_heads", in: 1...heads, default: heads)
        let headDimension = try config.integer(
            "head_dim", in: 1...1 << 16, default: max(width / heads, 1))
        guard heads % keyValueHeads == 0, headDimension % 2 == 0 else {
            throw ModelError.badModel(
                "config.json: \(heads) heads with \(keyValueHeads) key-value heads of "
                    + "\(headDimension) values are not supported; the heads must divide evenly "
                    + "and have an even number of values")
        }
        return BackboneConfiguration(
            architecture: name,
            vocabulary: try config.integer("vocab_size", in: 1...1 << 24), width: width,
            layers: try config.integer("num_hidden_layers", in: 1...1024), heads: heads,
            keyValueHeads: keyValueHeads, headDimension: headDimension,
            hidden: try config.integer("intermediate_size", in: 1...1 << 20),
            contextLength: try config.integer("max_position_embeddings", in: 1...1 << 24),
            normEpsilon: Float(try config.number("rms_norm_eps", in: 0...1, default: 1e-6)),
            tiedEmbeddings: try config.flag("tie_word_embeddings", default: false),
            details: config)
    }

    static func config(of file: GGUFFile) throws -> ConfigFile {
        let type = file.string("general.architecture") ?? name
        func size(_ key: String, max: Int, default fallback: Int? = nil) throws -> JSON {
            .integer(Int64(try file.integer("\(type).\(key)", in: 1...max, default: fallback)))
        }
        let width = try file.integer("\(type).embedding_length", in: 1...1 << 17)
        let heads = try file.integer("\(type).attention.head_count", in: 1...4096)
        let headDimension = try file.integer(
            "\(type).attention.key_length", in: 1...1 << 16, default: Swift.max(width / heads, 1))
        let rotated = try file.integer(
            "\(type).rope.dimension_count", in: 1...1 << 16, default: headDimension)
        guard rotated == headDimension else {
            throw ModelError.badModel(
                "GGUF: \(rotated) of \(headDimension) values rotated is not supported; all must be"
            )
        }
        // Files of dense models may say that there are none.
        _ = try file.integer("\(type).expert_count", in: 0...0, default: 0)
        let tokens = try file.strings("tokenizer.ggml.tokens").count
        return ConfigFile([
            "model_type": .string(type),
            "architectures": [type == "qwen2" ? "Qwen2ForCausalLM" : "LlamaForCausalLM"],
            "vocab_size": try size("vocab_size", max: 1 << 24, default: tokens),
            "hidden_size": .integer(Int64(width)),
            "num_hidden_layers": try size("block_count", max: 1024),
            "num_attention_heads": .integer(Int64(heads)),
            "num_key_value_heads": try size(
                "attention.head_count_kv", max: heads, default: heads),
            "head_dim": .integer(Int64(headDimension)),
            "intermediate_size": try size("feed_forward_length", max: 1 << 20),
            "max_position_embeddings": try size("context_length", max: 1 << 24),
            "rms_norm_eps": .number(
                try file.number("\(type).attention.layer_norm_rms_epsilon", in: 0...1)),
            "rope_theta": .number(
                try file.number("\(type).rope.freq_base", in: 1...1e12, default: 10_000)),
            "tie_word_embeddings": .bool(file.tensors["output.weight"] == nil),
            "hidden_act": "silu", "attention_bias": false, "mlp_bias": false,
            "rope_scaling": try ropeScaling(of: file, type),
        ])
    }

    private static func ropeScaling(of file: GGUFFile, _ type: String) throws -> JSON {
        switch file.string("\(type).rope.scaling.type") {
        case nil, "none":
            let base = try file.number("\(type).rope.freq_base", in: 1...1e12, default: 10_000)
            return try scaling(of: file, base: base) ?? .null
        case "linear":
            let factor = try file.number("\(type).rope.scaling.factor", in: 1...1e6)
            return ["rope_type": "linear", "factor": .number(factor)]
        case let name?:
            throw ModelError.badModel(
                "GGUF: \(type).rope.scaling.type \(printable(name)) is not supported, only none "
                    + "and linear")
        }
    }

    static func ignores(_ tensor: String, _ c: BackboneConfiguration) -> Bool {
        tensor.hasSuffix(".rotary_emb.inv_freq") || (c.tiedEmbeddings && tensor == "lm_head.weight")
    }

    static func layout(_ c: BackboneConfiguration) throws -> [ParameterSource] {
        let settings = try Settings(c.details)
        // llama.cpp keeps Qwen2's rows as they are.
        let turns = try c.details.text("model_type", default: name) != "qwen2"
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
                        name: "model.layers.\(layer).\(name)", shape: shape,
                        stored: "blk.\(layer).\(stored)",
                        rotaryHeadDimension: rotary && turns ? c.headDimension : nil))
            }
            func dense(
                _ name: String, _ stored: String, _ outputs: Int, _ inputs: Int, bias: Bool,
                rotary: Bool = false
            ) {
                add("\(name).weight", "\(stored).weight", [outputs, inputs], rotary: rotary)
                if bias { add("\(name).bias", "\(stored).bias", [outputs], rotary: rotary) }
            }
            let (qkv, out, mlp) = (settings.inputBias, settings.outputBias, settings.hiddenBias)
            add("input_layernorm.weight", "attn_norm.weight", [c.width])
            dense("self_attn.q_proj", "attn_q", queryWidth, c.width, bias: qkv, rotary: true)
            dense("self_attn.k_proj", "attn_k", keyWidth, c.width, bias: qkv, rotary: true)
            dense("self_attn.v_proj", "attn_v", keyWidth, c.width, bias: qkv)
            dense("self_attn.o_proj", "attn_output", c.width, queryWidth, bias: out)
            add("post_attention_layernorm.weight", "ffn_norm.weight", [c.width])
            dense("mlp.gate_proj", "ffn_gate", c.hidden, c.width, bias: mlp)
            dense("mlp.up_proj", "ffn_up", c.hidden, c.width, bias: mlp)
            dense("mlp.down_proj", "ffn_down", c.width, c.hidden, bias: mlp)
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
}

extension ConfigFile {
    /// `rope_parameters` or `rope_scaling`.
    fileprivate func rotaryScaling() throws -> RotaryScaling {
        let type = try text("rope_type", default: text("type", default: "default"))
        switch type {
        case "default": return .none
        case "linear": return .linear(factor: try number("factor", in: 1...1e6))
        case "llama3":
            return .llama3(
                factor: try number("factor", in: 1...1e6),
                low: try number("low_freq_factor", in: 1e-6...1e6),
                high: try number("high_freq_factor", in: 1e-6...1e6),
                context: Double(
                    try integer("original_max_position_embeddings", in: 1...1 << 24)))
        default:
            throw ModelError.badModel(
                "config.json: rope_type \(printable(type)) is not supported, only default, linear "
                    + "and llama3")
        }
    }
}
