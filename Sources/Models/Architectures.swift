import Tensor

/// Every architecture that can be loaded, one line each.
enum Architectures {
    static var all: [any Architecture.Type] {
        [
            BERT.self,
            GPT2.self,
            Llama.self,
            T5.self,
        ]
    }

    /// By `general.architecture` of GGUF.
    /// - Throws: `bad_model` naming the known ones.
    static func named(_ name: String) throws -> any Architecture.Type {
        guard let architecture = all.first(where: { $0.ggufNames.contains(name) }) else {
            throw unknown(name, supported: all.flatMap { $0.ggufNames })
        }
        return architecture
    }

    /// By `model_type` of config.json.
    /// - Throws: `bad_model` naming the known ones.
    static func of(modelType: String) throws -> any Architecture.Type {
        guard let architecture = all.first(where: { $0.modelTypes.contains(modelType) }) else {
            throw unknown(modelType, supported: all.flatMap { $0.modelTypes })
        }
        return architecture
    }

    private static func unknown(_ name: String, supported: [String]) -> ModelError {
        ModelError.badModel(
            "model file: the architecture \(printable(name)) is not supported; supported: "
                + supported.joined(separator: ", "))
    }

    /// The architecture of a checkpoint and its sizes, checked against its tensors.
    static func read(_ checkpoint: any Checkpoint) throws -> (
        architecture: any Architecture.Type, configuration: BackboneConfiguration
    ) {
        let (architecture, config) = try checkpoint.identify()
        var configuration = try architecture.configuration(of: config)
        let layout = try architecture.layout(configuration)
        try checkpoint.check(layout, of: architecture, configuration)
        configuration.parameterCount = layout.reduce(0) { $0 + $1.shape.reduce(1, *) }
        return (architecture, configuration)
    }

    /// A checkpoint's backbone with its weights.
    static func load(
        _ checkpoint: any Checkpoint, backend: any Backend
    ) throws -> any Architecture {
        let (architecture, configuration) = try read(checkpoint)
        let backbone = try architecture.init(configuration, backend: backend)
        let layout = try architecture.layout(configuration)
        try checkpoint.load(zip(layout, backbone.parameters).map { ($0, $1) })
        return backbone
    }
}
