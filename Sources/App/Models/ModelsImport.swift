import API
import ArgumentParser
import Foundation
import JSON
import Models
import Store

struct ModelsImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Import a pretrained model (GGUF).",
        discussion: """
            The file is copied into the data folder and served under its name. Import before the
            server starts, or stop the server first.

            Example:
              polytask models import SmolLM2-135M-Instruct.Q4_1.gguf --name smollm2-135m-instruct
            """)

    @Argument(help: ArgumentHelp("The model file.", valueName: "FILE"))
    var file: String

    @Option(
        help: ArgumentHelp(
            "Name to serve it under.", discussion: "Default: the file's name.", valueName: "NAME"))
    var name: String?

    @OptionGroup var data: DataFolder

    func run() throws {
        let name = try chosenName()
        let summary = try readSummary()
        let store = try data.open()
        do {
            let sha256 = try store.blobs.keep(file: file, moving: false)
            let model = try store.createBaseModel(
                name: name, sha256: sha256, summary: summary.json)
            print(
                "imported \(model.name) (\(model.id)): \(summary.architecture), "
                    + "\(summary.parameters) parameters, context of \(summary.contextLength)")
        } catch let error as StoreError {
            throw CommandFailure("the model was not imported: \(error.message)")
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

    private func readSummary() throws -> ModelSummary {
        guard FileManager.default.isReadableFile(atPath: file) else {
            throw CommandFailure("the model file does not exist or cannot be read; check its path")
        }
        do {
            return try ModelSummary.read(file)
        } catch let error as ModelError {
            throw CommandFailure("the file is not a model that can be used: \(error.message)")
        }
    }
}

extension ModelSummary {
    /// What the model object says of a pretrained model.
    var json: JSON {
        [
            "architecture": .string(architecture),
            "parameters": .integer(Int64(parameters)),
            "context_length": .integer(Int64(contextLength)),
            "vocabulary": .integer(Int64(vocabulary)), "tasks": [],
        ]
    }
}
