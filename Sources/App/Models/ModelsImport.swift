import API
import ArgumentParser
import Foundation
import JSON
import Models
import Store
import Worker
import WorkerProtocol

struct ModelsImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Import a pretrained model.",
        discussion: """
            A GGUF file, or a folder as Hugging Face lays it out (config.json, safetensors,
            tokenizer files), or a tar archive of one. It is copied into the data folder and served under its name. Import
            before the server starts, or stop the server first.

            Example:
              polytask models import SmolLM2-135M-Instruct.Q4_1.gguf --name smollm2-135m-instruct
            """)

    @Argument(help: ArgumentHelp("The model file or folder.", valueName: "PATH"))
    var file: String

    @Option(
        help: ArgumentHelp(
            "Name to serve it under.", discussion: "Default: the file's name.", valueName: "NAME"))
    var name: String?

    @Option(help: ArgumentHelp("Licence to state, such as apache-2.0.", valueName: "ID"))
    var license: String?

    @OptionGroup var data: DataFolder

    func run() throws {
        let name = try chosenName()
        guard FileManager.default.isReadableFile(atPath: file) else {
            throw CommandFailure("the model file does not exist or cannot be read; check its path")
        }
        let store = try data.open()
        let scratch = "\(store.blobs.scratch)/import-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        do {
            let taken = TakenModel(try ModelIntake(path: file, scratch: scratch).take())
            let sha256 = try store.blobs.keep(
                file: taken.path, moving: taken.path.hasPrefix("\(scratch)/"))
            let model = try store.createBaseModel(
                name: name, sha256: sha256,
                summary: taken.summary(source: ["kind": "file"], license: license))
            print(
                "imported \(model.name) (\(model.id)): \(taken.architecture), "
                    + "\(taken.parameters) parameters, context of \(taken.contextLength)")
        } catch let error as StoreError {
            throw CommandFailure("the model was not imported: \(error.message)")
        } catch let error as ModelError {
            throw CommandFailure("this is not a model that can be used: \(error.message)")
        }
    }

    private func chosenName() throws -> String {
        let last = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
        let chosen = name ?? last.lowercased()
        guard ModelName.isValid(chosen) else {
            throw CommandFailure(
                "--name must be 1 to 64 of the characters A-Z a-z 0-9 . _ - and must not begin "
                    + "with mdl_")
        }
        return chosen
    }
}
