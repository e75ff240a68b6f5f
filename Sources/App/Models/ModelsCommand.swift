import ArgumentParser

struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "Import and list models.",
        subcommands: [ModelsImport.self, ModelsList.self])
}
