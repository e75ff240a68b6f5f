// The tokenizer that a checkpoint carries.

extension GGUFFile {
    func tokenizer() throws -> any Tokenizer { try Tokenizers.load(gguf: self) }
}

extension HuggingFaceModel {
    func tokenizer() throws -> any Tokenizer {
        try TokenizerFolder(documents: documents, binaries: binaries, folder: folder).load()
    }
}
