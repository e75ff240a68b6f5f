import ArgumentParser

struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "Import, export and list models.",
        subcommands: [ModelsImport.self, ModelsExport.self, ModelsList.self])
}
