// A model from scratch: a configuration, a tokenizer's files, random weights. The result is a
// Hugging Face folder and is loaded like any other.

internal import Glibc
internal import JSON
package import Tensor

package enum NewModel {
    /// Writes a folder with random weights and a tokenizer, to which the configuration is fitted:
    /// the size of its vocabulary and the ids of its first and last token.
    /// - Throws: as below.
    package static func write(
        config: String, tokenizer: any Tokenizer, seed: UInt64, to folder: String,
        backend: any Backend
    ) throws {
        var file = try ConfigFile(text: config)
        file.json["vocab_size"] = .integer(Int64(tokenizer.vocabularySize))
        let end = JSON.integer(Int64(tokenizer.endOfTurn))
        for name in ["bos_token_id", "eos_token_id"] { file.json[name] = end }
        if file.value("pad_token_id") == nil { file.json["pad_token_id"] = end }
        var documents: [String: String] = [:]
        for (name, bytes) in TokenizerDocuments.of(
            tokenizer, chatTemplate: tokenizer.chatTemplate)
        {
            documents[name] = String(decoding: bytes, as: UTF8.self)
        }
        try write(
            config: JSON.object(file.json).text, documents: documents, seed: seed, to: folder,
            backend: backend)
    }

    /// Writes a folder with random weights, as their families' authors drew them.
    /// - Parameters:
    ///   - config: text of a config.json.
    ///   - documents: further files by name, a tokenizer.json above all.
    /// - Throws: `bad_model` for a configuration that is not supported, `io`, `out_of_space`.
    package static func write(
        config: String, documents: [String: String] = [:], seed: UInt64, to folder: String,
        backend: any Backend
    ) throws {
        let file = try ConfigFile(text: config)
        let architecture = try Architectures.of(modelType: try file.text("model_type"))
        let configuration = try architecture.configuration(of: file)
        let sources = try architecture.layout(configuration)
        let backbone = try architecture.init(configuration, backend: backend)
        for (index, pair) in zip(sources, backbone.parameters).enumerated() {
            let (source, values) = (pair.0, pair.1.value)
            guard source.shape.count > 1 else {
                let isGain = source.name.hasSuffix(".weight")
                values.pointer.update(repeating: isGain ? 1 : 0, count: values.count)
                continue
            }
            // Each matrix has numbers of its own, whatever stands before it.
            var generator = SplitMix64(seed: seed &+ UInt64(index) &* 0xD134_2543_DE82_EF95)
            let deviation = architecture.deviation(of: source, configuration)
            for i in 0..<values.count {
                values.pointer[i] = Float(deviation * generator.normal())
            }
        }
        try HuggingFaceExport(backbone: backbone, sources: sources).write(to: folder)
        for (name, text) in documents
        where name != "config.json" && HuggingFaceModel.documentNames.contains(name)
            && !name.contains("/")
        {
            try DurableFile.write(Array(text.utf8), to: "\(folder)/\(name)")
        }
    }
}
