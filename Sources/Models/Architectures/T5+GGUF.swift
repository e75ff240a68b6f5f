// What GGUF files say of a T5, in llama.cpp's words; what they leave unsaid is as in the files that
// its authors published.

import JSON
import Tensor

extension T5 {
    static func config(of file: GGUFFile) throws -> ConfigFile {
        func size(_ key: String, max: Int, default fallback: Int? = nil) throws -> JSON {
            .integer(Int64(try file.integer("t5.\(key)", in: 1...max, default: fallback)))
        }
        let layers = try file.integer("t5.block_count", in: 1...1024)
        // Files hold a second matrix of the hidden part where it is gated, which has been by GELU.
        let isGated = file.tensors["enc.blk.0.ffn_gate.weight"] != nil
        return ConfigFile([
            "model_type": "t5", "architectures": ["T5ForConditionalGeneration"],
            "vocab_size": .integer(Int64(try file.strings("tokenizer.ggml.tokens").count)),
            "d_model": try size("embedding_length", max: 1 << 17),
            "d_kv": try size("attention.key_length", max: 1 << 16),
            "d_ff": try size("feed_forward_length", max: 1 << 20),
            "num_layers": .integer(Int64(layers)),
            "num_decoder_layers": try size("decoder_block_count", max: 1024, default: layers),
            "num_heads": try size("attention.head_count", max: 4096),
            "n_positions": try size("context_length", max: 1 << 24, default: 512),
            "relative_attention_num_buckets": try size(
                "attention.relative_buckets_count", max: 65_536),
            "relative_attention_max_distance": .integer(Int64(distanceMax)),
            "layer_norm_epsilon": .number(
                try file.number("t5.attention.layer_norm_rms_epsilon", in: 0...1)),
            "decoder_start_token_id": .integer(
                Int64(
                    try file.integer("t5.decoder_start_token_id", in: 0...1 << 24, default: 0))),
            "feed_forward_proj": isGated ? "gated-gelu" : "relu",
            "is_encoder_decoder": true,
            "tie_word_embeddings": .bool(file.tensors["output.weight"] == nil),
        ])
    }

    /// - Throws: `invalid_input` for what readers of these files fix otherwise.
    static func metadata(of c: BackboneConfiguration) throws -> GGUFMetadata {
        let settings = try Settings(c.details)
        guard settings.form != .gatedSiLU, settings.distanceMax == distanceMax else {
            throw ModelError.invalidInput(
                "export format gguf: a T5 there is gated by GELU only and tells distances up to "
                    + "\(distanceMax) apart; use safetensors")
        }
        var metadata = GGUFMetadata(name, sizes: c)
        metadata.add("t5.decoder_block_count", settings.decoderLayers)
        metadata.add("t5.attention.key_length", c.headDimension)
        metadata.add("t5.attention.value_length", c.headDimension)
        metadata.add("t5.attention.relative_buckets_count", settings.buckets)
        metadata.add("t5.attention.layer_norm_epsilon", c.normEpsilon)
        metadata.add("t5.attention.layer_norm_rms_epsilon", c.normEpsilon)
        metadata.add("t5.decoder_start_token_id", Int(settings.startToken))
        return metadata
    }

    /// The file says nowhere that the output of a tied table is scaled: llama.cpp does not do it.
    static func scaledCopy(_ c: BackboneConfiguration)
        -> (name: String, of: String, factor: Float)?
    {
        c.tiedEmbeddings
            ? ("output.weight", "shared.weight", 1 / Float(c.width).squareRoot()) : nil
    }

    /// The only one of published models; files do not say it.
    private static let distanceMax = 128

    /// The name in GGUF of a tensor of `layout`, without its ending.
    static func stored(_ name: String) -> String {
        let whole = [
            "shared": "token_embd", "lm_head": "output",
            "encoder.final_layer_norm": "enc.output_norm",
            "decoder.final_layer_norm": "dec.output_norm",
        ]
        if let stored = whole[name] { return stored }
        // side.block.N.layer.M.Part.matrix, or side.block.N.layer.M.layer_norm.
        let parts = name.split(separator: ".").map(String.init)
        guard parts.count >= 6, let last = parts.last else { return name }
        let isHidden = parts[4] == (parts[0] == "encoder" ? "1" : "2")
        let part = isHidden ? "ffn" : parts[4] == "0" ? "attn" : "cross_attn"
        let matrices = [
            "relative_attention_bias": "rel_b", "layer_norm": "norm", "wi_0": "gate",
            "wi_1": "up", "wi": "up", "wo": "down",
        ]
        return "\(parts[0].prefix(3)).blk.\(parts[2]).\(part)_\(matrices[last] ?? last)"
    }
}
