// What families say of themselves in GGUF, as llama.cpp's converter names it: the inverse of each
// family's `config(of:)`.

import Glibc
import JSON
import Tensor

extension GGUFMetadata {
    /// The sizes that every family has under its own prefix.
    init(_ type: String, sizes c: BackboneConfiguration) {
        self.init()
        add("general.architecture", type)
        add("\(type).block_count", c.layers)
        add("\(type).context_length", c.contextLength)
        add("\(type).embedding_length", c.width)
        add("\(type).feed_forward_length", c.hidden)
        add("\(type).attention.head_count", c.heads)
    }
}

extension GPT2 {
    static func metadata(of c: BackboneConfiguration) throws -> GGUFMetadata {
        guard try activation(c.details) == .geluTanh else {
            throw ModelError.invalidInput(
                "export format gguf: a GPT-2 there always has the activation gelu_new; use "
                    + "safetensors")
        }
        var metadata = GGUFMetadata(name, sizes: c)
        metadata.add("\(name).attention.layer_norm_epsilon", c.normEpsilon)
        return metadata
    }
}

extension BERT {
    static func metadata(of c: BackboneConfiguration) throws -> GGUFMetadata {
        let settings = try Settings(c.details)
        guard settings.pooling != .pooler, settings.activation == .gelu else {
            throw ModelError.invalidInput(
                "export format gguf: a BERT there has no pooler and always the activation gelu; "
                    + "use safetensors")
        }
        var metadata = GGUFMetadata(name, sizes: c)
        metadata.add("\(name).attention.layer_norm_epsilon", c.normEpsilon)
        metadata.add("\(name).attention.causal", false)
        metadata.add("\(name).pooling_type", settings.pooling == .mean ? 1 : 2)
        metadata.add("tokenizer.ggml.token_type_count", settings.types)
        return metadata
    }
}

extension Llama {
    static func metadata(of c: BackboneConfiguration) throws -> GGUFMetadata {
        let settings = try Settings(c.details)
        if let window = settings.window, window < c.contextLength {
            throw ModelError.invalidInput(
                "export format gguf: a sliding window of \(window) cannot be said there; use "
                    + "safetensors")
        }
        // What Qwen2 has besides biases of queries, keys and values cannot be said under its name;
        // Mistral without its window is a Llama.
        let type = try c.details.text("model_type", default: name) == "qwen2" ? "qwen2" : name
        var metadata = GGUFMetadata(type, sizes: c)
        metadata.add("\(type).attention.head_count_kv", c.keyValueHeads)
        metadata.add("\(type).attention.key_length", c.headDimension)
        metadata.add("\(type).attention.value_length", c.headDimension)
        metadata.add("\(type).attention.layer_norm_rms_epsilon", c.normEpsilon)
        metadata.add("\(type).rope.dimension_count", c.headDimension)
        metadata.add("\(type).rope.freq_base", settings.ropeBase)
        metadata.add("\(type).vocab_size", c.vocabulary)
        switch settings.scaling {
        case .none: break
        case .linear(let factor):
            metadata.add("\(type).rope.scaling.type", "linear")
            metadata.add("\(type).rope.scaling.factor", Float(factor))
        // Said by the divisors of its frequencies.
        case .llama3: break
        }
        return metadata
    }

    private static let divisors = "rope_freqs.weight"

    static func computed(_ c: BackboneConfiguration) throws -> [String: [Float]] {
        let settings = try Settings(c.details)
        guard case .llama3 = settings.scaling else { return [:] }
        return [
            divisors: divisors(
                of: settings.scaling, base: Double(settings.ropeBase), count: c.headDimension / 2)
        ]
    }

    private static func divisors(of scaling: RotaryScaling, base: Double, count: Int) -> [Float] {
        (0..<count).map { index in
            let frequency = pow(base, -Double(index) / Double(count))
            return Float(frequency / scaling.scaled(frequency))
        }
    }

    /// The scaling of which a file holds the divisors: Llama 3.1's or 3.2's.
    /// - Throws: `bad_model` for others.
    static func scaling(of file: GGUFFile, base: Double) throws -> JSON? {
        guard let tensor = file.tensors[divisors] else { return nil }
        guard tensor.type == .f32, tensor.shape.count == 1, tensor.columns <= 1 << 16 else {
            throw ModelError.badModel("GGUF: \(divisors) must be a vector of F32")
        }
        let found = (0..<tensor.columns).map { index in
            file.file.bytes.loadUnaligned(
                fromByteOffset: tensor.range.lowerBound + 4 * index, as: Float.self)
        }
        for factor in [8.0, 32.0] {
            let known = divisors(
                of: .llama3(factor: factor, low: 1, high: 4, context: 8192), base: base,
                count: found.count)
            // Other programs compute them in float32.
            guard zip(found, known).allSatisfy({ abs($0 - $1) <= 1e-4 * abs($1) }) else { continue }
            return [
                "rope_type": "llama3", "factor": .number(factor), "low_freq_factor": 1.0,
                "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
            ]
        }
        throw ModelError.badModel(
            "GGUF: \(divisors) holds other divisors than those of Llama 3.1 and 3.2")
    }
}
