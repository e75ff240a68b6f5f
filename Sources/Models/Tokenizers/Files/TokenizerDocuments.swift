import JSON

/// The files that Transformers reads a tokenizer from, for one that came from elsewhere.
enum TokenizerDocuments {
    /// Files by name: tokenizer.json, and tokenizer_config.json with special tokens and template.
    static func of(
        _ tokenizer: any Tokenizer, chatTemplate: String?
    ) -> [(name: String, bytes: [UInt8])] {
        var configuration: JSONObject = ["tokenizer_class": "PreTrainedTokenizerFast"]
        let special = tokenizer.special
        for (name, id) in [
            ("bos", special.bos), ("eos", special.eos), ("unk", special.unk),
            ("cls", special.cls), ("sep", special.sep), ("pad", special.pad),
            ("mask", special.mask),
        ] {
            guard let text = id.flatMap({ tokenizer.text(of: $0) }) else { continue }
            configuration["\(name)_token"] = .string(text)
        }
        configuration["chat_template"] = chatTemplate.map { .string($0) }
        return [
            ("tokenizer.json", tokenizer.tokenizerJSON()),
            ("tokenizer_config.json", JSON.object(configuration).bytes()),
        ]
    }
}
