/// What a file is, read without loading its weights: for `models import` and the API.
package struct ModelSummary: Codable, Sendable, Equatable {
    package var architecture: String
    package var parameters: Int
    package var contextLength: Int
    package var vocabulary: Int
    /// The kinds of tasks that its backbone can learn, as `HeadKind` calls them; nil in a file that
    /// a run saved.
    package var taskKinds: [String]?
    /// Last parts of the names of the layers that adapters can lie beside; nil likewise.
    package var adapterTargets: [String]?
    /// Whether chats can be put into its words.
    package var hasChatTemplate: Bool?
    /// `general.name` of the file.
    package var name: String?
    /// `general.license` of the file.
    package var license: String?

    /// Reads a GGUF file, a Hugging Face folder, or a safetensors file saved by `Model.save`.
    /// Everything is checked that loading would check, without reading weights.
    /// - Throws: `bad_model` naming what is wrong with the file.
    package static func read(_ path: String) throws -> ModelSummary {
        if let tuned = try? SafetensorsFile(path), let saved = Model.configuration(of: tuned) {
            return ModelSummary(saved)
        }
        let checkpoint = try Checkpoints.open(path)
        let (architecture, configuration) = try Architectures.read(checkpoint)
        var summary = ModelSummary(configuration)
        summary.hasChatTemplate =
            try checkpoint.tokenizer(fitting: configuration)
            .chatTemplate != nil
        summary.taskKinds = HeadKind.allCases.filter {
            $0 != .embedding && (!$0.writesText || $0 == architecture.writes)
        }.map(\.rawValue)
        summary.adapterTargets = LinearLayer.targets(
            try architecture.layout(configuration).compactMap {
                LinearLayer($0.name, shape: $0.shape)
            })
        if let file = checkpoint as? GGUFFile {
            summary.name = file.string("general.name")
            summary.license = file.string("general.license")
        }
        return summary
    }

    private init(_ configuration: BackboneConfiguration) {
        architecture = configuration.architecture
        parameters = configuration.parameterCount
        contextLength = configuration.contextLength
        vocabulary = configuration.vocabulary
    }
}
