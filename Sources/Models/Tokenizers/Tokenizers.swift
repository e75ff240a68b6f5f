import JSON

/// Where tokenizers come from.
package enum Tokenizers {
    /// The tokenizer of a model folder in Hugging Face's layout.
    /// - Throws: `bad_model` naming what is missing, damaged or not supported.
    package static func load(folder: String) throws -> any Tokenizer {
        try TokenizerFolder(folder: folder).load()
    }

    /// The tokenizer of a tokenizer.json by itself.
    package static func load(json path: String) throws -> any Tokenizer {
        try TokenizerFile.parse(try MappedFile(path))
    }

    /// The tokenizer of a GGUF file.
    static func load(gguf file: GGUFFile) throws -> any Tokenizer {
        try GGUFTokenizer(file).load()
    }

    /// Whatever is at `path`: a folder, a tokenizer.json, a SentencePiece `.model`, or a GGUF file.
    package static func load(path: String) throws -> any Tokenizer {
        if path.hasSuffix(".gguf") { return try load(gguf: GGUFFile(path)) }
        if path.hasSuffix(".json") { return try load(json: path) }
        if path.hasSuffix(".model") {
            return try SentencePieceFile.parse(try MappedFile(path)).tokenizer()
        }
        return try load(folder: path)
    }
}
