import FoundationEssentials
import Tensor

extension Model {
    /// Writes weights, columns, adapters, heads and metadata as one safetensors file, durably
    /// (temp, fsync, rename).
    /// The backbone's tensors have their Hugging Face names; heads are `heads.<task>.weight` and
    /// `.bias`.
    /// - Parameter includesBackbone: false where its weights are the base model's: a file without
    ///   them is small, and is loaded over the base.
    package func save(to path: String, includesBackbone: Bool = true) throws {
        let own = parameters.dropFirst(
            backbone.parameters.count + columns.reduce(0) { $0 + $1.parameters.count })
        let tensors =
            includesBackbone
            ? HuggingFaceExport(backbone: backbone, sources: sources).tensors : []
        try SafetensorsWriter.write(
            path, metadata: try headsMetadata(),
            stored: tensors + columnTensors
                + own.map { StoredTensor($0.name, $0.value) })
    }

    /// What a file of ours says of its model beside the tensors.
    func headsMetadata() throws -> [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var metadata = [
            "format": "pt",
            "architecture": backbone.configuration.architecture,
            "configuration": String(
                decoding: try encoder.encode(backbone.configuration), as: UTF8.self),
            "heads": String(decoding: try encoder.encode(heads), as: UTF8.self),
        ]
        if !adapters.isEmpty {
            metadata["adapters"] = String(
                decoding: try encoder.encode(adapters.map(\.spec)), as: UTF8.self)
        }
        if !columns.isEmpty {
            metadata["columns"] = String(
                decoding: try encoder.encode(columns.map(\.spec)), as: UTF8.self)
        }
        return metadata
    }

    /// - Throws: `bad_model` when the weights were fine-tuned from a model of other sizes.
    static func check(_ file: SafetensorsFile, _ configuration: BackboneConfiguration) throws {
        guard let saved = Self.configuration(of: file) else { return }
        guard saved == configuration else {
            throw ModelError.badModel(
                "safetensors: the weights belong to a model of other sizes than the base model")
        }
    }

    static func configuration(of file: SafetensorsFile) -> BackboneConfiguration? {
        file.metadata["configuration"].flatMap {
            try? JSONDecoder().decode(BackboneConfiguration.self, from: Data($0.utf8))
        }
    }
}
