// An adapter as PEFT's `save_pretrained` lays it out.

import Glibc
import JSON
import Tensor

struct PEFTFolder {
    private static let prefix = "base_model.model."
    private let config: ConfigFile
    private let file: SafetensorsFile

    /// - Throws: `bad_model` naming what is wrong.
    init(_ folder: String) throws {
        let text = try MappedFile("\(folder)/adapter_config.json")
        config = try ConfigFile(
            text: withExtendedLifetime(text) { String(decoding: $0.bytes, as: UTF8.self) })
        try config.require("peft_type", oneOf: ["LORA"])
        try config.require("bias", oneOf: ["none"])
        for key in ["use_dora", "use_rslora", "lora_bias"]
        where try config.flag(key, default: false) {
            throw ModelError.badModel("adapter_config.json: \(key) is not supported")
        }
        for key in ["rank_pattern", "alpha_pattern"]
        where try config.section(key)?.json.isEmpty == false {
            throw ModelError.badModel("adapter_config.json: \(key) is not supported")
        }
        file = try SafetensorsFile("\(folder)/adapter_model.safetensors")
    }

    /// The layers are those that the file has tensors for.
    func spec(_ name: String) throws -> AdapterSpec {
        let layers = file.names.compactMap { tensor -> String? in
            guard tensor.hasPrefix(Self.prefix), tensor.hasSuffix(".lora_A.weight") else {
                return nil
            }
            return tensor.dropLast(".lora_A.weight".count).split(separator: ".").last.map(
                String.init)
        }
        guard !layers.isEmpty, 2 * layers.count == file.names.count else {
            throw ModelError.badModel(
                "adapter_model.safetensors: it must hold pairs of lora_A and lora_B and nothing "
                    + "else")
        }
        return AdapterSpec(
            name: name, rank: try config.integer("r", in: 1...AdapterSpec.rankMax),
            alpha: try config.number("lora_alpha", in: 1e-6...1e6), targets: Set(layers).sorted())
    }

    func read(into adapter: Adapter) throws {
        guard 2 * adapter.layers.count == file.names.count else {
            throw ModelError.badModel(
                "adapter_model.safetensors: it has \(file.names.count / 2) layers, the base model "
                    + "has \(adapter.layers.count) of these names")
        }
        for (name, matrix) in Self.matrices(adapter) { try file.read(name, into: matrix) }
    }

    static func write(
        _ adapter: Adapter, of configuration: BackboneConfiguration, to folder: String
    ) throws {
        let names = Set(adapter.layers.map { $0.name.split(separator: ".").last ?? "" }).sorted()
        let kinds = ["bert": "FEATURE_EXTRACTION", "t5": "SEQ_2_SEQ_LM"]
        let config: JSON = [
            "peft_type": "LORA", "r": .integer(Int64(adapter.spec.rank)),
            "lora_alpha": .number(adapter.spec.alpha), "lora_dropout": 0.0, "bias": "none",
            "target_modules": .array(names.map { .string(String($0)) }),
            "task_type": .string(kinds[configuration.architecture] ?? "CAUSAL_LM"),
            "fan_in_fan_out": .bool(configuration.architecture == "gpt2"),
            "base_model_name_or_path": .null, "inference_mode": true,
        ]
        _ = mkdir(folder, 0o755)
        try SafetensorsWriter.write(
            "\(folder)/adapter_model.safetensors", metadata: ["format": "pt"],
            tensors: matrices(adapter))
        try DurableFile.write(config.bytes(), to: "\(folder)/adapter_config.json")
    }

    /// A and B of every layer by PEFT's names.
    private static func matrices(_ adapter: Adapter) -> [(name: String, tensor: Tensor)] {
        adapter.layers.flatMap { layer in
            precondition(layer.blocks.count == 1, "PEFT knows no blocks")
            return [
                ("\(prefix)\(layer.name).lora_A.weight", layer.blocks[0].a.value),
                ("\(prefix)\(layer.name).lora_B.weight", layer.blocks[0].b.value),
            ]
        }
    }
}
