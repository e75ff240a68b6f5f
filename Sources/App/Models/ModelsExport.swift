import API
import ArgumentParser
import CPUBackend
import Foundation
import Models
import Pool
import Store
import WorkerProtocol

struct ModelsExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a model for other programs.",
        discussion: """
            A folder that Hugging Face Transformers loads, or with --gguf one file for llama.cpp,
            with a model card. An adapter is merged. Stop the server first, or download from it:
            GET /v1/models/ID/export.

            Examples:
              polytask models export support-bot ./support-bot
              polytask models export support-bot ./support-bot.gguf --gguf Q8_0
            """)

    @Argument(help: ArgumentHelp("Id or alias of the model.", valueName: "ID"))
    var model: String

    @Argument(help: ArgumentHelp("The folder or file to write.", valueName: "PATH"))
    var path: String

    @Option(help: ArgumentHelp("Write GGUF with matrices of this type.", valueName: "F32|F16|Q8_0"))
    var gguf: String?

    @OptionGroup var data: DataFolder

    func validate() throws {
        guard gguf.map({ GGUFMatrixType(rawValue: $0) != nil }) ?? true else {
            throw ValidationError("--gguf must be F32, F16 or Q8_0")
        }
    }

    func run() throws {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure("PATH exists already; name a new folder or file")
        }
        let store = try data.open()
        do {
            let record = try store.model(model)
            let files = store.files(of: record)
            let loaded = try Model(
                base: files.base.path, weights: files.weights?.path,
                backend: CPUBackend(threads: 0))
            if let type = gguf.flatMap({ GGUFMatrixType(rawValue: $0) }) {
                try loaded.exportGGUF(to: path, type: type)
            } else {
                let card = try ModelCard(record, store: store).markdown
                try loaded.export(to: path, documents: ["README.md": card])
            }
            print("exported \(record.name) (\(record.id)) to \(path)")
        } catch let error as StoreError {
            throw CommandFailure("the model was not exported: \(error.message)")
        } catch let error as ModelError {
            throw CommandFailure("the model was not exported: \(error.message)")
        }
    }
}
