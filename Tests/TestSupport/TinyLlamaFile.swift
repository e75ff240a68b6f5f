import Foundation

/// Writes a random Llama of a few thousand weights as GGUF, with a byte-level vocabulary and a
/// ChatML template: enough for every code path that loads, trains or serves a model.
package enum TinyLlamaFile {
    package static let vocabulary = 259
    package static let contextLength = 128

    /// - Parameter seed: of the weights, uniform in ±0.15.
    package static func write(
        _ path: String, seed: UInt64 = 1, width: Int = 32, layers: Int = 2, heads: Int = 4,
        keyValueHeads: Int = 2, hidden: Int = 64
    ) throws {
        var random = WeightStream(state: seed)
        let keyWidth = width / heads * keyValueHeads
        var tensors: [(name: String, shape: [Int])] = [("token_embd.weight", [vocabulary, width])]
        for layer in 0..<layers {
            tensors += [
                ("attn_norm", [width]), ("attn_q", [width, width]),
                ("attn_k", [keyWidth, width]), ("attn_v", [keyWidth, width]),
                ("attn_output", [width, width]), ("ffn_norm", [width]),
                ("ffn_gate", [hidden, width]), ("ffn_up", [hidden, width]),
                ("ffn_down", [width, hidden]),
            ].map { ("blk.\(layer).\($0).weight", $1) }
        }
        tensors.append(("output_norm.weight", [width]))

        var header = GGUFBytes()
        let entries = metadata(width, layers, heads, keyValueHeads, hidden)
        header.bytes = Array("GGUF".utf8)
        header.append(UInt32(3))
        header.append(UInt64(tensors.count))
        header.append(UInt64(entries.count))
        for entry in entries { header.bytes += entry.bytes }
        var data = GGUFBytes()
        for tensor in tensors {
            header.append(tensor.name)
            header.append(UInt32(tensor.shape.count))
            for size in tensor.shape.reversed() { header.append(UInt64(size)) }
            header.append(UInt32(0))
            header.append(UInt64(data.bytes.count))
            for _ in 0..<tensor.shape.reduce(1, *) {
                let value = tensor.shape.count == 1 ? 1 : random.next() * 0.15
                data.append(value.bitPattern)
            }
            data.pad()
        }
        header.pad()
        try Data(header.bytes + data.bytes).write(to: URL(fileURLWithPath: path))
    }

    private static func metadata(
        _ width: Int, _ layers: Int, _ heads: Int, _ keyValueHeads: Int, _ hidden: Int
    ) -> [GGUFBytes] {
        let template =
            "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + "
            + "message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
            + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
        let tokens = byteCharacters() + ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
        let types = (0..<vocabulary).map { UInt32($0 < 256 ? 1 : 3) }
        return [
            .entry("general.architecture", "llama"), .entry("general.name", "tiny"),
            .entry("llama.embedding_length", UInt32(width)),
            .entry("llama.block_count", UInt32(layers)),
            .entry("llama.attention.head_count", UInt32(heads)),
            .entry("llama.attention.head_count_kv", UInt32(keyValueHeads)),
            .entry("llama.feed_forward_length", UInt32(hidden)),
            .entry("llama.context_length", UInt32(contextLength)),
            .entry("llama.vocab_size", UInt32(vocabulary)),
            .entry("llama.rope.dimension_count", UInt32(width / heads)),
            .entry("llama.attention.layer_norm_rms_epsilon", Float(1e-5)),
            .entry("llama.rope.freq_base", Float(10_000)),
            .entry("tokenizer.ggml.model", "gpt2"), .entry("tokenizer.ggml.pre", "smollm"),
            .entry("tokenizer.ggml.tokens", tokens),
            .entry("tokenizer.ggml.token_type", types),
            .entry("tokenizer.ggml.merges", [String]()),
            .entry("tokenizer.ggml.eos_token_id", UInt32(258)),
            .entry("tokenizer.chat_template", template),
        ]
    }

    /// Each byte's character in the byte-level alphabet.
    package static func byteCharacters() -> [String] {
        var next: UInt32 = 0x100
        return (0..<256).map { (byte: UInt32) in
            let prints = (0x21...0x7E).contains(byte) || (0xA1...0xFF).contains(byte)
            var scalar = byte
            if !prints || byte == 0xAD {
                scalar = next
                next += 1
            }
            return Unicode.Scalar(scalar).map { String(Character($0)) } ?? ""
        }
    }
}

private struct WeightStream {
    var state: UInt64

    /// Uniform in ±1.
    mutating func next() -> Float {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max)
    }
}

private struct GGUFBytes {
    var bytes: [UInt8] = []

    mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }

    mutating func append(_ text: String) {
        append(UInt64(text.utf8.count))
        bytes += text.utf8
    }

    mutating func pad() {
        while bytes.count % 32 != 0 { bytes.append(0) }
    }

    private static func entry(
        _ key: String, type: UInt32, _ body: (inout GGUFBytes) -> Void
    ) -> GGUFBytes {
        var entry = GGUFBytes()
        entry.append(key)
        entry.append(type)
        body(&entry)
        return entry
    }

    static func entry(_ key: String, _ value: UInt32) -> GGUFBytes {
        entry(key, type: 4) { $0.append(value) }
    }

    static func entry(_ key: String, _ value: Float) -> GGUFBytes {
        entry(key, type: 6) { $0.append(value.bitPattern) }
    }

    static func entry(_ key: String, _ value: String) -> GGUFBytes {
        entry(key, type: 8) { $0.append(value) }
    }

    static func entry(_ key: String, _ values: [String]) -> GGUFBytes {
        entry(key, type: 9) { entry in
            entry.append(UInt32(8))
            entry.append(UInt64(values.count))
            for value in values { entry.append(value) }
        }
    }

    static func entry(_ key: String, _ values: [UInt32]) -> GGUFBytes {
        entry(key, type: 9) { entry in
            entry.append(UInt32(4))
            entry.append(UInt64(values.count))
            for value in values { entry.append(value) }
        }
    }
}
