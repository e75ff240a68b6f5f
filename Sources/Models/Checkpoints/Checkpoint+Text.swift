// What a checkpoint knows beside weights: the tokenizer and the chat template.

extension GGUFFile {
    func tokenizer() throws -> any Tokenizer { try ByteLevelBPE(self) }

    func chatTemplate(_ tokenizer: any Tokenizer) -> (source: String, variables: [String: String])?
    {
        guard let source = string("tokenizer.chat_template") else { return nil }
        var variables: [String: String] = [:]
        for name in ["bos", "eos"] {
            guard case .integer(let token)? = metadata["tokenizer.ggml.\(name)_token_id"],
                let tokens = try? strings("tokenizer.ggml.tokens"),
                (0..<tokens.count).contains(token)
            else { continue }
            variables["\(name)_token"] = String(decoding: tokens[token], as: UTF8.self)
        }
        return (source, variables)
    }
}

extension HuggingFaceModel {
    func tokenizer() throws -> any Tokenizer {
        throw ModelError.badModel("model folder: its tokenizer cannot be read yet")
    }

    func chatTemplate(_ tokenizer: any Tokenizer) -> (source: String, variables: [String: String])?
    { nil }
}
