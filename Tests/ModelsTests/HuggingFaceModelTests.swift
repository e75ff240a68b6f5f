import Foundation
import JSON
import Tensor
import TestSupport
import Testing

@testable import Models

@Suite("Hugging Face folders")
struct HuggingFaceModelTests {
    private let folder: TemporaryFolder
    private let bert = TinyFolder.bert

    init() throws { folder = try TemporaryFolder() }

    private func values(_ backbone: any Architecture) -> [[Float]] {
        backbone.parameters.map { $0.value.floats() }
    }

    private var expected: [[Float]] {
        get throws { try TinyFolder.tensors(bert).map { $0.tensor.floats() } }
    }

    @Test("one file, shards, another prefix and a packed file give the same weights")
    func layouts() throws {
        try TinyFolder.write(bert, to: folder)
        #expect(try values(TinyFolder.load(folder.path)) == expected)

        let packed = folder.file("packed.safetensors")
        try HuggingFaceModel(folder: folder.path).pack(to: packed)
        #expect(try values(TinyFolder.load(packed)) == expected)

        let shards = try TemporaryFolder()
        try TinyFolder.writeShards(bert, to: shards, count: 3)
        #expect(try values(TinyFolder.load(shards.path)) == expected)

        let prefixed = try TemporaryFolder()
        try TinyFolder.write(bert, to: prefixed) { tensors in
            tensors = tensors.map { ("bert.\($0.name)", $0.tensor) }
        }
        #expect(try values(TinyFolder.load(prefixed.path)) == expected)
    }

    @Test("a tensor that is missing, of another shape or a stranger is refused by name")
    func tensors() throws {
        let name = "encoder.layer.1.attention.self.key.bias"
        func refusal(_ change: (inout [(name: String, tensor: Tensor)]) -> Void) throws -> String {
            try TinyFolder.write(bert, to: folder, change: change)
            do {
                _ = try TinyFolder.load(folder.path)
                return "accepted"
            } catch let error as ModelError { return error.message }
        }
        #expect(try refusal { $0.removeAll { $0.name == name } }.contains("\(name) is missing"))
        #expect(
            try refusal { tensors in
                for index in tensors.indices where tensors[index].name == name {
                    tensors[index].tensor = Tensor(
                        [0, 0], [2], backend: TinyFolder.backend)
                }
            }.contains("\(name) has shape [2], config.json says [24]"))
        #expect(
            try refusal { $0.append(("extra", Tensor([0], [1], backend: TinyFolder.backend))) }
                .contains("extra is not part"))
        // Heads of Transformers and a buffer are not needed.
        for name in [
            "cls.bias", "classifier.weight", "score.weight", "qa_outputs.bias",
            "multiple_choice_head.summary.weight", "embeddings.position_ids",
        ] {
            #expect(
                try refusal {
                    $0.append((name, Tensor([0], [1], backend: TinyFolder.backend)))
                } == "accepted")
        }
    }

    @Test(
        "a configuration that is unsupported or out of range is refused by its key",
        arguments: [
            ("hidden_size", JSON.integer(-24)), ("hidden_size", .integer(1 << 60)),
            ("hidden_size", 25),
            ("num_hidden_layers", 1e300), ("vocab_size", "61"), ("hidden_act", "swish7"),
            ("layer_norm_eps", -1), ("position_embedding_type", "relative_key"),
            ("model_type", "bloom"), ("pooling", "max"), ("num_attention_heads", 0),
        ] as [(String, JSON)])
    func configuration(key: String, value: JSON) throws {
        try TinyFolder.write(bert, to: folder)
        var config = bert.object ?? [:]
        config[key] = value
        try Data(JSON.object(config).bytes()).write(
            to: URL(fileURLWithPath: folder.file("config.json")))
        #expect(throws: ModelError.self) { try TinyFolder.load(folder.path) }
    }

    @Test(
        "an index that reaches outside, lies or names nothing is refused",
        arguments: [
            "../model-a.safetensors", "/etc/passwd", "sub/model.safetensors", "model.bin",
            "..\\model.safetensors", ".safetensors", "model-\u{0}.safetensors",
            "absent.safetensors",
        ])
    func index(file: String) throws {
        try TinyFolder.writeShards(bert, to: folder, count: 2)
        let names = try TinyFolder.tensors(bert).map(\.name)
        try TinyFolder.writeIndex(
            .object(JSONObject(names.map { ($0, .string(file)) }) ?? [:]), to: folder)
        #expect(throws: ModelError.self) { try TinyFolder.load(folder.path) }
    }

    @Test("weights of a type that is not read are refused before any is loaded")
    func integers() throws {
        try TinyFolder.write(bert, to: folder)
        let path = URL(fileURLWithPath: folder.file("model.safetensors"))
        var bytes = try Data(contentsOf: path)
        let place = try #require(bytes.range(of: Data("F32".utf8)))
        bytes.replaceSubrange(place, with: Data("I32".utf8))
        try bytes.write(to: path)
        let error = #expect(throws: ModelError.self) {
            _ = try Architectures.read(try Checkpoints.open(folder.path))
        }
        #expect(error?.message.contains("dtype I32, read are F32") == true)
    }

    @Test(
        "what a configuration leaves null is as if it were not there",
        arguments: ["bert_mean", "gpt2", "llama", "mistral", "qwen2", "t5", "t5_gated"])
    func nulls(name: String) throws {
        let config = try #require(Golden.read(name)["config"]?.object)
        func outcome(_ config: JSONObject) throws -> String {
            let file = ConfigFile(config)
            let architecture = try Architectures.of(modelType: try file.text("model_type"))
            do {
                var found = try architecture.configuration(of: file)
                let layout = try architecture.layout(found).map { "\($0.name) \($0.shape)" }
                found.details = ConfigFile([:])
                return "\(found) \(layout)"
            } catch { return "\(error)" }
        }
        for key in config.names where key != "model_type" {
            var (absent, null) = (config, config)
            absent[key] = nil
            null[key] = .some(.null)
            #expect(try outcome(absent) == outcome(null), "\(key)")
        }
        if name == "mistral" {
            var free = config
            free["sliding_window"] = .some(.null)
            #expect(try Llama.Settings(ConfigFile(free)).window == nil)
        }
    }

    @Test("an index that names the other shard, or an empty one, is refused")
    func lyingIndex() throws {
        try TinyFolder.writeShards(bert, to: folder, count: 2)
        let names = try TinyFolder.tensors(bert).map(\.name)
        let map = names.map { ($0, JSON.string("model-00000-of-00002.safetensors")) }
        try TinyFolder.writeIndex(.object(JSONObject(map) ?? [:]), to: folder)
        #expect(throws: ModelError.self) { try TinyFolder.load(folder.path) }
        try TinyFolder.writeIndex([:], to: folder)
        #expect(throws: ModelError.self) { try TinyFolder.load(folder.path) }
        #expect(throws: ModelError.self) { try TinyFolder.load(try TemporaryFolder().path) }
    }

    @Test("a file cut short or changed in any byte of its header is loaded or refused, never worse")
    func fuzz() throws {
        try TinyFolder.write(bert, to: folder)
        let path = folder.file("model.safetensors")
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        var generator = SplitMix64(seed: 9)
        var refused = 0
        for _ in 0..<300 {
            var changed = bytes
            let place = Int(generator.next() % 4000)
            changed[place] = UInt8(truncatingIfNeeded: generator.next())
            if generator.next() % 8 == 0 {
                changed.removeLast(Int(generator.next() % UInt64(bytes.count - 1)))
            }
            try Data(changed).write(to: URL(fileURLWithPath: path))
            do { _ = try TinyFolder.load(folder.path) } catch is ModelError { refused += 1 }
        }
        #expect(refused > 200)
    }

    @Test("a new model of every family has weights of the spread that its family draws")
    func scratch() throws {
        for (index, name) in ["bert_mean", "gpt2", "llama", "t5"].enumerated() {
            let config = try #require(Golden.read(name)["config"])
            let path = folder.file(name)
            try NewModel.write(
                config: config.text, documents: ["vocab.txt": "a"], seed: 7, to: path,
                backend: TinyFolder.backend)
            #expect(FileManager.default.fileExists(atPath: "\(path)/vocab.txt"))
            let parameters = try TinyFolder.load(path).parameters
            let table = parameters[0].value.floats()
            let deviation = table.reduce(0) { $0 + $1 * $1 } / Float(table.count)
            let expected: Float = index == 3 ? 1 : 0.02
            // The mean square of 1464 normal numbers errs by 4 %.
            #expect(abs(deviation.squareRoot() / expected - 1) < 0.1, "\(name)")
            for parameter in parameters where parameter.value.shape.count == 1 {
                let value: Float = parameter.name.hasSuffix("weight") ? 1 : 0
                #expect(parameter.value.floats().allSatisfy { $0 == value })
            }
        }
    }
}
