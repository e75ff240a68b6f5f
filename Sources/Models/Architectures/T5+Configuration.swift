// What files say of a T5, and which tensors they must hold.

import Tensor

extension T5 {
    /// What the variants differ in.
    struct Settings {
        enum Form: String {
            case relu = "relu"
            /// GELU by tanh, times a second projection (2002.05202), as from T5 1.1 on.
            case gatedGELU = "gated-gelu"
            case gatedSiLU = "gated-silu"
        }

        let form: Form
        let decoderLayers, buckets, distanceMax: Int
        let startToken: Int32

        init(_ config: ConfigFile) throws {
            let name = try config.text("feed_forward_proj", default: "relu")
            guard let form = Form(rawValue: name) else {
                throw ModelError.badModel(
                    "config.json: feed_forward_proj \(printable(name)) is not supported, only "
                        + "relu, gated-gelu and gated-silu")
            }
            self.form = form
            decoderLayers = try config.integer(
                "num_decoder_layers", "num_layers", in: 1...1024)
            buckets = try config.integer(
                "relative_attention_num_buckets", in: 4...65_536, default: 32)
            distanceMax = try config.integer(
                "relative_attention_max_distance", in: buckets / 2 + 1...1 << 24, default: 128)
            startToken = Int32(
                try config.integer(
                    "decoder_start_token_id", "pad_token_id", in: 0...1 << 24, default: 0))
            guard buckets % 4 == 0 else {
                throw ModelError.badModel(
                    "config.json: relative_attention_num_buckets must be a multiple of 4, it is "
                        + "\(buckets)")
            }
        }
    }

    static func configuration(of config: ConfigFile) throws -> BackboneConfiguration {
        let settings = try Settings(config)
        let vocabulary = try config.integer("vocab_size", in: 1...1 << 24)
        guard settings.startToken < vocabulary else {
            throw ModelError.badModel(
                "config.json: decoder_start_token_id \(settings.startToken) must be below "
                    + "vocab_size \(vocabulary)")
        }
        // Only a table that is also the output projection scales what it is multiplied with; files
        // of Transformers 5 tell of the scale alone, and mT5 has always had two tables.
        let isTied =
            try config.flag("tie_word_embeddings", default: true)
            && config.flag("scale_decoder_outputs", default: true)
            && config.text("model_type") == "t5"
        return BackboneConfiguration(
            architecture: name, vocabulary: vocabulary,
            width: try config.integer("d_model", in: 1...1 << 17),
            layers: try config.integer("num_layers", in: 1...1024),
            heads: try config.integer("num_heads", in: 1...4096),
            headDimension: try config.integer("d_kv", in: 1...1 << 16),
            hidden: try config.integer("d_ff", in: 1...1 << 20),
            contextLength: try config.integer("n_positions", in: 1...1 << 24, default: 512),
            normEpsilon: Float(
                try config.number("layer_norm_epsilon", in: 0...1, default: 1e-6)),
            tiedEmbeddings: isTied, details: config)
    }

    static func ignores(_ tensor: String, _ c: BackboneConfiguration) -> Bool {
        tensor == "encoder.embed_tokens.weight" || tensor == "decoder.embed_tokens.weight"
            || tensor.hasSuffix("EncDecAttention.relative_attention_bias.weight")
            || (c.tiedEmbeddings && tensor == "lm_head.weight")
    }

    /// As in the authors' code (Mesh TensorFlow): 1/√inputs, and for queries, which are not
    /// scaled later, another 1/√dimension; the table is drawn with deviation 1.
    static func deviation(of source: ParameterSource, _ c: BackboneConfiguration) -> Double {
        switch source.name.split(separator: ".").suffix(2).first {
        case "shared": 1
        case "relative_attention_bias": 1 / Double(c.width).squareRoot()
        case "q": 1 / Double(c.width * c.headDimension).squareRoot()
        default: 1 / Double(source.shape[1]).squareRoot()
        }
    }

    static func layout(_ c: BackboneConfiguration) throws -> [ParameterSource] {
        let settings = try Settings(c.details)
        let inner = c.heads * c.headDimension
        var sources: [ParameterSource] = []
        func add(_ name: String, _ shape: [Int]) {
            sources.append(
                ParameterSource(
                    name: "\(name).weight", shape: shape, stored: "\(stored(name)).weight"))
        }
        func attention(_ part: String, _ name: String, bias: Bool) {
            for projection in ["q", "k", "v"] {
                add("\(part).\(name).\(projection)", [inner, c.width])
            }
            add("\(part).\(name).o", [c.width, inner])
            if bias {
                add("\(part).\(name).relative_attention_bias", [settings.buckets, c.heads])
            }
            add("\(part).layer_norm", [c.width])
        }
        func hidden(_ part: String) {
            for name in settings.form == .relu ? ["wi"] : ["wi_0", "wi_1"] {
                add("\(part).DenseReluDense.\(name)", [c.hidden, c.width])
            }
            add("\(part).DenseReluDense.wo", [c.width, c.hidden])
            add("\(part).layer_norm", [c.width])
        }
        add("shared", [c.vocabulary, c.width])
        for layer in 0..<c.layers {
            let block = "encoder.block.\(layer).layer"
            attention("\(block).0", "SelfAttention", bias: layer == 0)
            hidden("\(block).1")
        }
        add("encoder.final_layer_norm", [c.width])
        for layer in 0..<settings.decoderLayers {
            let block = "decoder.block.\(layer).layer"
            attention("\(block).0", "SelfAttention", bias: layer == 0)
            attention("\(block).1", "EncDecAttention", bias: false)
            hidden("\(block).2")
        }
        add("decoder.final_layer_norm", [c.width])
        if !c.tiedEmbeddings { add("lm_head", [c.vocabulary, c.width]) }
        return sources
    }
}
