/// Every architecture that can be loaded, one line each.
enum Architectures {
    static var all: [any Architecture.Type] {
        [
            Llama.self
        ]
    }

    /// - Throws: `bad_model` naming the known ones.
    static func named(_ name: String) throws -> any Architecture.Type {
        guard let architecture = all.first(where: { $0.name == name }) else {
            throw ModelError.badModel(
                "model file: the architecture \(printable(name)) is not supported; supported: "
                    + all.map { $0.name }.joined(separator: ", "))
        }
        return architecture
    }

    /// The architecture of a GGUF file and its checked sizes.
    static func read(_ file: GGUFFile) throws -> (
        architecture: any Architecture.Type, configuration: BackboneConfiguration
    ) {
        guard let name = file.string("general.architecture") else {
            throw ModelError.badModel("GGUF: the metadata lacks general.architecture")
        }
        let architecture = try named(name)
        var configuration = try architecture.configuration(of: file)
        let layout = architecture.layout(configuration)
        try file.check(layout)
        configuration.parameterCount = layout.reduce(0) { $0 + $1.shape.reduce(1, *) }
        return (architecture, configuration)
    }
}
