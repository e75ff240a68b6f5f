/// What a file is, read without loading its weights: for `models import` and the API.
package struct ModelSummary: Codable, Sendable, Equatable {
    package var architecture: String
    package var parameters: Int
    package var contextLength: Int
    package var vocabulary: Int
    /// `general.name` of the file.
    package var name: String?

    /// Reads a GGUF file, or a safetensors file saved by `Model.save`. Everything is checked that
    /// loading would check, without reading weights.
    /// - Throws: `bad_model` naming what is wrong with the file.
    package static func read(_ path: String) throws -> ModelSummary {
        guard try !isGGUF(path) else {
            let file = try GGUFFile(path)
            let configuration = try Architectures.read(file).configuration
            _ = try Tokenizers.load(gguf: file)
            return ModelSummary(configuration, name: file.string("general.name"))
        }
        guard let configuration = Model.configuration(of: try SafetensorsFile(path)) else {
            throw ModelError.badModel(
                "model file: neither GGUF nor safetensors saved by this program")
        }
        return ModelSummary(configuration, name: nil)
    }

    private init(_ configuration: BackboneConfiguration, name: String?) {
        architecture = configuration.architecture
        parameters = configuration.parameterCount
        contextLength = configuration.contextLength
        vocabulary = configuration.vocabulary
        self.name = name
    }

    private static func isGGUF(_ path: String) throws -> Bool {
        let file = try MappedFile(path)
        return withExtendedLifetime(file) { $0.bytes.starts(with: "GGUF".utf8) }
    }
}
