import Archives
import CPUBackend
import Foundation
import JSON
import TestSupport
import Testing

@testable import Models

@Suite("Models that come in")
struct ModelIntakeTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func archive(_ files: [(name: String, bytes: [UInt8])]) throws -> String {
        var bytes: [UInt8] = []
        for (name, content) in files {
            bytes += TarEntry(name: name, bytes: content.count).header + content
            bytes += [UInt8](repeating: 0, count: TarEntry.padded(content.count) - content.count)
        }
        return try folder.write(bytes + [UInt8](repeating: 0, count: 1024), to: "model.tar")
    }

    private func tiny() throws -> [(name: String, bytes: [UInt8])] {
        let path = folder.file("model")
        try NewModel.write(
            config: TinyFolder.bert.text, documents: ["tokenizer.json": TinyTokenizers.bert],
            seed: 1, to: path, backend: TinyFolder.backend)
        return try ["config.json", "model.safetensors", "tokenizer.json"].map { name in
            (name, [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))))
        }
    }

    private func take(_ path: String) throws -> (path: String, summary: ModelSummary) {
        try ModelIntake(path: path, scratch: folder.file(UUID().uuidString)).take()
    }

    private func refusal(_ path: String) -> String {
        do {
            _ = try take(path)
            return "accepted"
        } catch { return (error as? ModelError)?.message ?? "\(error)" }
    }

    @Test("a folder, and an archive of it with or without a folder around, become the same file")
    func archives() throws {
        let files = try tiny()
        let expected = try Data(
            contentsOf: URL(fileURLWithPath: take(folder.file("model")).path))
        for around in ["", "my-model/", "./my-model/"] {
            let path = try archive(
                files.map { ("\(around)\($0.name)", $0.bytes) } + [("\(around)run.py", [1])])
            let taken = try take(path)
            #expect(try Data(contentsOf: URL(fileURLWithPath: taken.path)) == expected)
            #expect(taken.summary.architecture == "bert")
        }
    }

    @Test("a tokenizer with more tokens than the model has rows is refused when the model comes")
    func tooManyTokens() throws {
        var config = TinyFolder.bert.object ?? [:]
        config["vocab_size"] = 10
        let path = folder.file("small")
        try NewModel.write(
            config: JSON.object(config).text, documents: ["tokenizer.json": TinyTokenizers.bert],
            seed: 1, to: path, backend: TinyFolder.backend)
        #expect(refusal(path).contains("21 tokens for a vocabulary of 10"))
    }

    @Test("a GGUF file is taken as it is, also out of an archive")
    func gguf() throws {
        let file = folder.file("tiny.gguf")
        try TinyLlamaFile.write(file)
        #expect(try take(file).path == file)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
        let taken = try take(archive([("tiny-Q8.gguf", bytes)]))
        #expect(try Data(contentsOf: URL(fileURLWithPath: taken.path)) == Data(bytes))
    }

    @Test(
        "no name of an archive is a path here",
        arguments: [
            "../config.json", "/etc/config.json", "a/b/config.json", "run.py", ".config.json",
            "a/../config.json", "pytorch_model.bin", "model\u{1}.safetensors", "1_Pooling/x.json",
        ])
    func names(name: String) {
        let own = ModelArchive.name(name)
        #expect(own == nil || (own == "config.json" && name == "/etc/config.json"))
    }

    @Test("an archive without a model, with a file twice, or cut off, is refused by name")
    func broken() throws {
        let files = try tiny()
        #expect(refusal(try archive([("run.py", [1])])).contains("no file of a model"))
        #expect(refusal(try archive(files + files)).contains("two files are called config.json"))
        #expect(refusal(try archive([files[0]])).contains("model.safetensors"))
        let whole = try archive(files)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: whole)))
        let cut = try folder.write(Array(bytes.prefix(bytes.count / 2)), to: "cut.tar")
        #expect(refusal(cut).contains("tar:"))
    }
}
