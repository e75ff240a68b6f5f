import Foundation

/// Writes a BERT of a few thousand weights as a Hugging Face folder: config.json, vocab.txt with
/// letters and digits, and model.safetensors by `SeededWeights`.
package enum TinyBERTFolder {
    package static let contextLength = 64
    /// Every character is a token, alone or inside a word.
    package static let vocabulary: [String] = {
        let characters = "abcdefghijklmnopqrstuvwxyz0123456789.,".map { String($0) }
        return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + characters
            + characters.map { "##\($0)" }
    }()

    package static func write(_ folder: String, width: Int = 16, layers: Int = 2) throws {
        let hidden = 2 * width
        var tensors = [
            ("embeddings.word_embeddings.weight", [vocabulary.count, width]),
            ("embeddings.position_embeddings.weight", [contextLength, width]),
            ("embeddings.token_type_embeddings.weight", [2, width]),
        ]
        func dense(_ name: String, _ outputs: Int, _ inputs: Int) {
            tensors += [("\(name).weight", [outputs, inputs]), ("\(name).bias", [outputs])]
        }
        func norm(_ name: String) {
            tensors += [("\(name).weight", [width]), ("\(name).bias", [width])]
        }
        norm("embeddings.LayerNorm")
        for block in (0..<layers).map({ "encoder.layer.\($0)" }) {
            for part in ["self.query", "self.key", "self.value", "output.dense"] {
                dense("\(block).attention.\(part)", width, width)
            }
            norm("\(block).attention.output.LayerNorm")
            dense("\(block).intermediate.dense", hidden, width)
            dense("\(block).output.dense", width, hidden)
            norm("\(block).output.LayerNorm")
        }
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        func file(_ name: String) -> URL { URL(fileURLWithPath: "\(folder)/\(name)") }
        try Data(vocabulary.joined(separator: "\n").utf8).write(to: file("vocab.txt"))
        let config = """
            {"model_type":"bert","vocab_size":\(vocabulary.count),"hidden_size":\(width),\
            "num_hidden_layers":\(layers),"num_attention_heads":4,"intermediate_size":\(hidden),\
            "max_position_embeddings":\(contextLength),"type_vocab_size":2,\
            "layer_norm_eps":1e-12,"hidden_act":"gelu","pooling":"mean"}
            """
        try Data(config.utf8).write(to: file("config.json"))
        try safetensors(tensors).write(to: file("model.safetensors"))
    }

    private static func safetensors(_ tensors: [(String, [Int])]) -> Data {
        var entries: [String] = []
        var data = Data()
        for (name, shape) in tensors {
            let values = SeededWeights.values(name, shape: shape)
            let end = data.count + 4 * values.count
            entries.append(
                #""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(data.count),\#(end)]}"#
            )
            for value in values {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
            }
        }
        var header = Data("{\(entries.joined(separator: ","))}".utf8)
        while header.count % 8 != 0 { header.append(0x20) }
        var file = Data()
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { file.append(contentsOf: $0) }
        return file + header + data
    }
}
