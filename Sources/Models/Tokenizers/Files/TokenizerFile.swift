import JSON

/// A tokenizer.json of Hugging Face's `tokenizers`, version 1.0. The file is not trusted: what
/// does not fit together is refused with what is wrong, what is not supported with its name.
enum TokenizerFile {
    static let bytesMax = 1 << 28
    static let mergesMax = 1 << 22

    /// - Throws: `bad_model`.
    static func parse(_ file: MappedFile) throws -> PipelineTokenizer {
        // The bytes are mapped as long as the file lives.
        try withExtendedLifetime(file) { try parse(file.bytes) }
    }

    static func parse(_ bytes: UnsafeRawBufferPointer) throws -> PipelineTokenizer {
        guard bytes.count <= bytesMax else {
            throw ModelError.badModel(
                "tokenizer.json: it has \(bytes.count) bytes, at most \(bytesMax) are allowed")
        }
        let json: JSON
        do throws(JSONError) {
            json = try JSON.parse(bytes)
        } catch {
            throw ModelError.badModel("tokenizer.json: \(error.message)")
        }
        return try parse(json)
    }

    static func parse(_ json: JSON) throws -> PipelineTokenizer {
        let root = TokenizerField(value: json, path: "")
        guard json.object != nil else { throw ModelError.badModel("tokenizer.json: no object") }
        let version = root["version"].value.string ?? "1.0"
        guard version == "1.0" else { throw root["version"].unsupported(version, ["1.0"]) }
        let added =
            root["added_tokens"].isNull
            ? []
            : try root["added_tokens"].elements(max: Vocabulary.tokensMax).map {
                try AddedToken($0)
            }
        let file = try ModelReader(root["model"], added)
        let description = PipelineTokenizer.Description(
            normalizer: root["normalizer"].value, preTokenizer: root["pre_tokenizer"].value,
            postProcessor: root["post_processor"].value, decoder: root["decoder"].value,
            truncation: root["truncation"].value, padding: root["padding"].value)
        var tokenizer = try PipelineTokenizer(
            description, vocabulary: file.vocabulary, added: added, makeModel: file.model)
        tokenizer.nameSpecialTokens()
        return tokenizer
    }
}
