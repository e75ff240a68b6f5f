// The tokenizer that a checkpoint carries.

import Foundation

extension GGUFFile {
    func tokenizer() throws -> any Tokenizer { try Tokenizers.load(gguf: self) }
}

extension HuggingFaceModel {
    func tokenizer() throws -> any Tokenizer {
        if let folder { return try Tokenizers.load(folder: folder) }
        // Packed: the files stand in a folder for as long as they are read.
        let temporary = FileManager.default.temporaryDirectory
            .appendingPathComponent("polytask-tokenizer-\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(
                at: temporary, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: temporary) }
            for (name, text) in documents where !name.contains("/") {
                try Data(text.utf8).write(to: temporary.appendingPathComponent(name))
            }
            return try Tokenizers.load(folder: temporary.path)
        } catch let error as ModelError {
            throw error
        } catch {
            throw ModelError(
                code: "io", message: "cannot write the tokenizer's files to a temporary folder")
        }
    }
}
