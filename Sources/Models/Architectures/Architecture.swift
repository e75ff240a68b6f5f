import Tensor

/// A family of transformers: how its GGUF metadata and tensors make a backbone.
protocol Architecture: Backbone {
    /// `general.architecture` in GGUF.
    static var name: String { get }
    /// - Throws: `bad_model` for sizes or features that this family does not support.
    static func configuration(of file: GGUFFile) throws -> BackboneConfiguration
    /// All parameters in the order of `Backbone.parameters`.
    static func layout(_ configuration: BackboneConfiguration) -> [ParameterSource]
    /// Parameters are allocated, not initialised.
    init(_ configuration: BackboneConfiguration, backend: any Backend)
}
