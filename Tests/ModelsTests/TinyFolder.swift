import CPUBackend
import Foundation
import JSON
import Tensor
import TestSupport

@testable import Models

/// Writes tiny models as Hugging Face folders, their weights by `SeededWeights`.
enum TinyFolder {
    static var backend: CPUBackend { CPUBackend(threads: 1) }

    static let bert: JSON = [
        "model_type": "bert", "vocab_size": 61, "hidden_size": 24, "num_hidden_layers": 2,
        "num_attention_heads": 4, "intermediate_size": 40, "max_position_embeddings": 32,
        "type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu", "pooling": "mean",
    ]

    /// The tensors that a configuration asks for, as files hold them.
    static func tensors(_ config: JSON) throws -> [(name: String, tensor: Tensor)] {
        let file = try ConfigFile(text: config.text)
        let architecture = try Architectures.of(modelType: try file.text("model_type"))
        let backend = backend
        return try architecture.layout(try architecture.configuration(of: file)).map {
            let values = SeededWeights.values($0.name, shape: $0.fileShape)
            return ($0.name, Tensor(values, $0.fileShape, backend: backend))
        }
    }

    static func write(
        _ config: JSON, to folder: TemporaryFolder,
        change: (inout [(name: String, tensor: Tensor)]) -> Void = { _ in }
    ) throws {
        var tensors = try tensors(config)
        change(&tensors)
        try Data(config.bytes()).write(to: URL(fileURLWithPath: folder.file("config.json")))
        try SafetensorsWriter.write(
            folder.file("model.safetensors"), metadata: [:], tensors: tensors)
    }

    /// The same weights in several files with an index.
    static func writeShards(_ config: JSON, to folder: TemporaryFolder, count: Int) throws {
        let tensors = try tensors(config)
        try Data(config.bytes()).write(to: URL(fileURLWithPath: folder.file("config.json")))
        var map: [(name: String, value: JSON)] = []
        for shard in 0..<count {
            let name = "model-0000\(shard)-of-0000\(count).safetensors"
            let own = tensors.indices.filter { $0 % count == shard }.map { tensors[$0] }
            try SafetensorsWriter.write(folder.file(name), metadata: [:], tensors: own)
            map += own.map { ($0.name, .string(name)) }
        }
        try writeIndex(.object(JSONObject(map) ?? [:]), to: folder)
    }

    static func writeIndex(_ map: JSON, to folder: TemporaryFolder) throws {
        let index: JSON = ["metadata": [:], "weight_map": map]
        try Data(index.bytes()).write(
            to: URL(fileURLWithPath: folder.file("model.safetensors.index.json")))
    }

    static func load(_ path: String) throws -> any Architecture {
        try Architectures.load(try Checkpoints.open(path), backend: backend)
    }
}
