internal import JSON
package import Tensor

/// BERT (Devlin et al., 1810.04805): an encoder with learnt positions, token types, norms after
/// each residual and GELU. Every row sees its whole sequence. Names are Hugging Face's.
package final class BERT: Architecture {
    static let name = "bert"
    static let modelTypes = ["bert"]
    static let prefix = "bert."
    static var writes: HeadKind? { nil }

    package let configuration: BackboneConfiguration
    package let parameters: [Parameter]
    package let pooling: Pooling
    package var isCausal: Bool { false }
    package var outputProjection: Parameter { words }
    package var lastSharedMatrix: Parameter { blocks.last?.contract.weight ?? words }

    private let words, positions, types: Parameter
    private let norm: Affine
    private let blocks: [Block]
    private let pooler: Affine?
    private let activation: Activation

    package init(_ configuration: BackboneConfiguration, backend: any Backend) throws {
        self.configuration = configuration
        parameters = try Self.allocate(configuration, backend: backend)
        let settings = try Settings(configuration.details)
        pooling = settings.pooling
        activation = settings.activation
        let table = ParameterTable(parameters)
        let embeddings = table.scope("embeddings")
        words = embeddings["word_embeddings.weight"]
        positions = embeddings["position_embeddings.weight"]
        types = embeddings["token_type_embeddings.weight"]
        norm = embeddings.affine("LayerNorm")
        blocks = (0..<configuration.layers).map { Block(table.scope("encoder.layer.\($0)")) }
        pooler = settings.pooling == .pooler ? table.affine("pooler.dense") : nil
    }

    package func hiddenStates(
        _ batch: PackedBatch, caches: [KeyValueCache]?, tap: StreamTap?, on tape: Tape
    ) -> Tensor {
        precondition(caches == nil, "an encoder sees whole sequences: it has no cache")
        let epsilon = configuration.normEpsilon
        var x = tape.embedding(words, batch.tokens, rows: batch.rows)
        x = tape.add(x, tape.embedding(types, batch.tokenTypes, rows: batch.rows))
        x = tape.add(x, tape.embedding(positions, batch.positions, rows: batch.rows))
        x = norm.norm(x, epsilon: epsilon, tape)
        if let tap { x = tap(x, 0) }
        for (layer, block) in blocks.enumerated() {
            let mixed = tape.attention(
                block.query(x, tape), block.key(x, tape), block.value(x, tape),
                segments: batch.segments, heads: configuration.heads,
                keyValueHeads: configuration.heads, causal: false)
            x = tape.add(block.output(mixed, tape), x)
            x = block.attentionNorm.norm(x, epsilon: epsilon, tape)
            let inner = tape.activate(block.expand(x, tape), activation)
            x = tape.add(block.contract(inner, tape), x)
            x = block.outputNorm.norm(x, epsilon: epsilon, tape)
            if let tap { x = tap(x, layer + 1) }
        }
        return x
    }

    package func pool(
        _ hidden: Tensor, segments: [Segment], as pooling: Pooling, rows: RowSpace, on tape: Tape
    ) -> Tensor {
        guard pooling == .pooler, let pooler else {
            return pooled(hidden, segments: segments, as: pooling, rows: rows, on: tape)
        }
        let first = pooled(hidden, segments: segments, as: .first, rows: rows, on: tape)
        return tape.activate(pooler(first, tape), .tanh)
    }

    package func makeCache(capacity: Int) -> KeyValueCache {
        preconditionFailure("an encoder sees whole sequences: it has no cache")
    }

    private struct Block {
        let query, key, value, output, attentionNorm, expand, contract, outputNorm: Affine

        init(_ table: ParameterTable) {
            query = table.affine("attention.self.query")
            key = table.affine("attention.self.key")
            value = table.affine("attention.self.value")
            output = table.affine("attention.output.dense")
            attentionNorm = table.affine("attention.output.LayerNorm")
            expand = table.affine("intermediate.dense")
            contract = table.affine("output.dense")
            outputNorm = table.affine("output.LayerNorm")
        }
    }
}

// What a file must hold
extension BERT {
    struct Settings {
        let pooling: Pooling
        let activation: Activation
        let types: Int

        init(_ config: ConfigFile) throws {
            types = try config.integer("type_vocab_size", in: 1...65_536, default: 2)
            activation = try config.activation("hidden_act", default: "gelu")
            // Without a word on pooling: the first token, for which BERT was pretrained.
            let name = try config.text("pooling", default: "first")
            guard let pooling = Pooling(rawValue: name), pooling != .last else {
                throw ModelError.badModel(
                    "config.json: pooling \(printable(name)) is not supported, only first, mean "
                        + "and pooler")
            }
            self.pooling = pooling
        }
    }

    static func configuration(of config: ConfigFile) throws -> BackboneConfiguration {
        _ = try Settings(config)
        try config.require("position_embedding_type", oneOf: ["absolute"])
        guard try !config.flag("is_decoder", default: false) else {
            throw ModelError.badModel("config.json: a BERT with is_decoder is not supported")
        }
        let width = try config.integer("hidden_size", in: 1...1 << 17)
        return BackboneConfiguration(
            architecture: name,
            vocabulary: try config.integer("vocab_size", in: 1...1 << 24), width: width,
            layers: try config.integer("num_hidden_layers", in: 1...1024),
            heads: try config.heads("num_attention_heads", dividing: width),
            hidden: try config.integer("intermediate_size", in: 1...1 << 20),
            contextLength: try config.integer("max_position_embeddings", in: 1...1 << 24),
            normEpsilon: Float(try config.number("layer_norm_eps", in: 0...1, default: 1e-12)),
            tiedEmbeddings: true, details: config)
    }

    static func layout(_ c: BackboneConfiguration) throws -> [ParameterSource] {
        let settings = try Settings(c.details)
        var sources: [ParameterSource] = []
        func add(_ name: String, _ stored: String, _ shape: [Int]) {
            sources.append(ParameterSource(name: name, shape: shape, stored: stored))
        }
        func dense(_ name: String, _ stored: String, _ outputs: Int, _ inputs: Int) {
            add("\(name).weight", "\(stored).weight", [outputs, inputs])
            add("\(name).bias", "\(stored).bias", [outputs])
        }
        func norm(_ name: String, _ stored: String) {
            add("\(name).weight", "\(stored).weight", [c.width])
            add("\(name).bias", "\(stored).bias", [c.width])
        }
        for (name, stored, rows) in [
            ("word", "token_embd", c.vocabulary), ("position", "position_embd", c.contextLength),
            ("token_type", "token_types", settings.types),
        ] {
            add("embeddings.\(name)_embeddings.weight", "\(stored).weight", [rows, c.width])
        }
        norm("embeddings.LayerNorm", "token_embd_norm")
        for layer in 0..<c.layers {
            let (block, stored) = ("encoder.layer.\(layer)", "blk.\(layer)")
            for part in ["query", "key", "value"] {
                let place = "\(stored).attn_\(part.prefix(1))"
                dense("\(block).attention.self.\(part)", place, c.width, c.width)
            }
            dense("\(block).attention.output.dense", "\(stored).attn_output", c.width, c.width)
            norm("\(block).attention.output.LayerNorm", "\(stored).attn_output_norm")
            dense("\(block).intermediate.dense", "\(stored).ffn_up", c.hidden, c.width)
            dense("\(block).output.dense", "\(stored).ffn_down", c.width, c.hidden)
            norm("\(block).output.LayerNorm", "\(stored).layer_output_norm")
        }
        if settings.pooling == .pooler { dense("pooler.dense", "pooler.dense", c.width, c.width) }
        return sources
    }

    static func config(of file: GGUFFile) throws -> ConfigFile {
        func size(_ key: String, max: Int) throws -> JSON {
            .integer(Int64(try file.integer("bert.\(key)", in: 1...max)))
        }
        let poolings = [1: "mean", 2: "first"]
        let code = try file.integer("bert.pooling_type", in: 0...4, default: 2)
        guard let pooling = poolings[code] else {
            throw ModelError.badModel(
                "GGUF: bert.pooling_type \(code) is not supported, only 1 (mean) and 2 (cls)")
        }
        return ConfigFile([
            "model_type": "bert", "architectures": ["BertModel"],
            "vocab_size": .integer(Int64(try file.strings("tokenizer.ggml.tokens").count)),
            "hidden_size": try size("embedding_length", max: 1 << 17),
            "num_hidden_layers": try size("block_count", max: 1024),
            "num_attention_heads": try size("attention.head_count", max: 4096),
            "intermediate_size": try size("feed_forward_length", max: 1 << 20),
            "max_position_embeddings": try size("context_length", max: 1 << 24),
            "type_vocab_size": .integer(Int64(file.tensors["token_types.weight"]?.rows ?? 2)),
            "layer_norm_eps": .number(
                try file.number("bert.attention.layer_norm_epsilon", in: 0...1)),
            "hidden_act": "gelu", "pooling": .string(pooling),
        ])
    }

    static func ignores(_ tensor: String, _ c: BackboneConfiguration) -> Bool {
        tensor == "embeddings.position_ids" || tensor.hasPrefix("pooler.")
    }
}
