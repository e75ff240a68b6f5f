import Tensor

/// A family of transformers: how a configuration and named tensors make a backbone.
protocol Architecture: Backbone {
    /// What messages and saved models call it.
    static var name: String { get }
    /// `general.architecture` in GGUF.
    static var ggufNames: [String] { get }
    /// `model_type` in config.json.
    static var modelTypes: [String] { get }
    /// What Hugging Face files may put before the names of `layout`, or leave out of them.
    static var prefix: String { get }
    /// The kind of task by which it writes; nil: it cannot.
    static var writes: HeadKind? { get }
    /// Sizes and features in config.json's words.
    /// - Throws: `bad_model` for what this family does not support.
    static func configuration(of config: ConfigFile) throws -> BackboneConfiguration
    /// GGUF metadata in config.json's words.
    static func config(of file: GGUFFile) throws -> ConfigFile
    /// The other way: what a GGUF file says of this model, besides its tokenizer.
    /// - Throws: `invalid_input` for what GGUF cannot say of this family.
    static func metadata(of configuration: BackboneConfiguration) throws -> GGUFMetadata
    /// Tensors of a GGUF file that follow from the configuration.
    static func computed(_ configuration: BackboneConfiguration) throws -> [String: [Float]]
    /// A matrix that only a GGUF file has, since its readers leave out a factor: its name there,
    /// the parameter, and what that is multiplied with.
    static func scaledCopy(_ configuration: BackboneConfiguration)
        -> (name: String, of: String, factor: Float)?
    /// All parameters in the order of `Backbone.parameters`.
    static func layout(_ configuration: BackboneConfiguration) throws -> [ParameterSource]
    /// Tensors of a checkpoint that hold nothing learnt that a backbone needs, by name without the
    /// prefix: buffers, pretraining heads.
    static func ignores(_ tensor: String, _ configuration: BackboneConfiguration) -> Bool
    /// The standard deviation of a new model's matrix.
    static func deviation(of source: ParameterSource, _ configuration: BackboneConfiguration)
        -> Double
    /// Parameters are allocated, not initialised.
    init(_ configuration: BackboneConfiguration, backend: any Backend) throws
}

extension Architecture {
    static var ggufNames: [String] { [name] }
    static var writes: HeadKind? { .generation }

    static func config(of file: GGUFFile) throws -> ConfigFile {
        throw ModelError.badModel(
            "GGUF: the architecture \(name) is read from Hugging Face folders only")
    }

    static func metadata(of configuration: BackboneConfiguration) throws -> GGUFMetadata {
        throw ModelError.invalidInput(
            "export format gguf: the family \(name) is not written to GGUF; use safetensors")
    }

    static func computed(_ configuration: BackboneConfiguration) throws -> [String: [Float]] { [:] }

    static func scaledCopy(_ configuration: BackboneConfiguration)
        -> (name: String, of: String, factor: Float)?
    { nil }

    static func ignores(_ tensor: String, _ configuration: BackboneConfiguration) -> Bool { false }

    static func deviation(of source: ParameterSource, _ configuration: BackboneConfiguration)
        -> Double
    { 0.02 }

    /// Allocated parameters in the order of `layout`, by name.
    static func allocate(
        _ configuration: BackboneConfiguration, backend: any Backend
    ) throws -> [Parameter] {
        try layout(configuration).map {
            Parameter(name: $0.name, value: Tensor($0.shape, backend: backend))
        }
    }
}

/// Parameters by name, for a backbone to take them from.
struct ParameterTable {
    private let parameters: [String: Parameter]
    private let prefix: String

    init(_ parameters: [Parameter], prefix: String = "") {
        self.parameters = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0) })
        self.prefix = prefix
    }

    private init(_ parameters: [String: Parameter], prefix: String) {
        self.parameters = parameters
        self.prefix = prefix
    }

    /// The names that begin with `name`.
    func scope(_ name: String) -> ParameterTable {
        ParameterTable(parameters, prefix: "\(prefix)\(name).")
    }

    func find(_ name: String) -> Parameter? { parameters[prefix + name] }

    /// - Precondition: the layout has it.
    subscript(_ name: String) -> Parameter {
        guard let parameter = find(name) else {
            preconditionFailure("the layout lacks \(prefix)\(name)")
        }
        return parameter
    }

    /// `name.weight` and, where there is one, `name.bias`.
    func affine(_ name: String) -> Affine {
        Affine(weight: self["\(name).weight"], bias: find("\(name).bias"))
    }
}

/// A matrix with its bias, or a norm's gain with its bias.
struct Affine {
    let weight: Parameter
    let bias: Parameter?

    func callAsFunction(_ x: Tensor, _ tape: Tape) -> Tensor {
        tape.linear(x, weight, bias: bias)
    }

    /// - Precondition: it has a bias.
    func norm(_ x: Tensor, epsilon: Float, _ tape: Tape) -> Tensor {
        guard let bias else { preconditionFailure("\(weight.name) has no bias") }
        return tape.layerNorm(x, gain: weight, bias: bias, epsilon: epsilon)
    }
}
