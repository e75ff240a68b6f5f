import Glibc
import JSON

/// The tokenizer of a folder in Hugging Face's layout: tokenizer.json or the files that came before
/// it, and what tokenizer_config.json says about special tokens and the chat template.
struct TokenizerFolder {
    private static let configurationBytesMax = 1 << 24

    /// Text files by name, where a model was opened before; else they are read from `folder`.
    private let documents: [String: String]
    private let binaries: [String: [UInt8]]
    private let folder: String?

    init(
        documents: [String: String] = [:], binaries: [String: [UInt8]] = [:], folder: String?
    ) {
        self.documents = documents
        self.binaries = binaries
        self.folder = folder
    }

    /// Of several files the one that says most.
    func load() throws -> PipelineTokenizer {
        let configuration = try json("tokenizer_config.json") ?? .null
        var tokenizer: PipelineTokenizer
        if has("tokenizer.json") {
            tokenizer = try bytes("tokenizer.json").withUnsafeBytes { try TokenizerFile.parse($0) }
        } else if let name = ["spiece.model", "tokenizer.model"].first(where: has) {
            tokenizer = try sentencePieces(name, configuration)
        } else if has("vocab.json"), has("merges.txt") {
            tokenizer = try pairs(configuration)
        } else if has("vocab.txt") {
            var vocabulary = BERTVocabulary(texts: try lines("vocab.txt"))
            vocabulary.lowercases = configuration["do_lower_case"]?.bool ?? true
            vocabulary.separatesIdeographs = configuration["tokenize_chinese_chars"]?.bool ?? true
            vocabulary.stripsAccents = configuration["strip_accents"]?.bool
            tokenizer = try vocabulary.tokenizer()
        } else {
            throw ModelError.badModel(
                "model folder: it has no tokenizer.json, spiece.model, tokenizer.model, vocab.txt, "
                    + "or vocab.json with merges.txt")
        }
        try configure(&tokenizer)
        return tokenizer
    }

    /// T5 puts its end after a text, Llama its beginning before, unless the configuration says.
    private func sentencePieces(
        _ name: String, _ configuration: JSON
    ) throws -> PipelineTokenizer {
        let model = try bytes(name).withUnsafeBytes { try SentencePieceFile.parse($0) }
        let isT5 =
            configuration["tokenizer_class"]?.string?.hasPrefix("T5") ?? (name == "spiece.model")
        let bos = configuration["add_bos_token"]?.bool ?? !isT5
        let eos = configuration["add_eos_token"]?.bool ?? isT5
        return try model.tokenizer(
            postProcessor: TemplateDescription.make(
                bos: bos ? model.token(model.bos) : nil, eos: eos ? model.token(model.eos) : nil))
    }

    /// GPT-2's files, and RoBERTa's, which put markers around a text.
    private func pairs(_ configuration: JSON) throws -> PipelineTokenizer {
        guard let vocabulary = try json("vocab.json") else { throw missing("vocab.json") }
        let merges = try lines("merges.txt").filter { !$0.isEmpty }
            .map { JSON.string(String(decoding: $0, as: UTF8.self)) }
        func id(_ name: String) -> JSON? {
            vocabulary[name].map { [.string(name), $0] }
        }
        let isRoberta =
            configuration["tokenizer_class"]?.string?.contains("oberta") ?? (id("<mask>") != nil)
        let addsPrefixSpace = JSON.bool(configuration["add_prefix_space"]?.bool ?? false)
        let special = ["<|endoftext|>", "<s>", "</s>", "<pad>", "<unk>", "<mask>"]
            .compactMap { name -> JSON? in
                guard let id = vocabulary[name]?.integer else { return nil }
                var token = AddedToken(Array(name.utf8), id: Int32(truncatingIfNeeded: id))
                token.stripsLeft = name == "<mask>"
                return token.description
            }
        var postProcessor: JSON = [
            "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
        ]
        if isRoberta, let cls = id("<s>"), let sep = id("</s>") {
            postProcessor = [
                "type": "RobertaProcessing", "sep": sep, "cls": cls, "trim_offsets": true,
                "add_prefix_space": addsPrefixSpace,
            ]
        }
        return try TokenizerFile.parse([
            "version": "1.0", "added_tokens": .array(special),
            "pre_tokenizer": [
                "type": "ByteLevel", "add_prefix_space": addsPrefixSpace, "trim_offsets": true,
                "use_regex": true,
            ],
            "post_processor": postProcessor,
            "decoder": [
                "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
                "use_regex": true,
            ],
            "model": ["type": "BPE", "vocab": vocabulary, "merges": .array(merges)],
        ])
    }

    private func missing(_ name: String) -> ModelError {
        ModelError.badModel("model folder: it has no \(name)")
    }

    /// The lines of a file, without white space at their ends; the last may be without its end.
    private func lines(_ name: String) throws -> [[UInt8]] {
        let bytes = try bytes(name)
        let count = bytes.count { $0 == 0x0A }
        guard count <= Vocabulary.tokensMax else {
            throw ModelError.badModel(
                "\(name): it has \(count) lines, at most \(Vocabulary.tokensMax) are allowed")
        }
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { line in
            let end = line.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? line.startIndex
            return Array(line[..<end])
        }
    }

    private func has(_ name: String) -> Bool {
        documents[name] != nil || binaries[name] != nil
            || folder.map { access("\($0)/\(name)", R_OK) == 0 } ?? false
    }

    /// The bytes of a file that `has` said is there.
    private func bytes(_ name: String) throws -> [UInt8] {
        if let text = documents[name] { return Array(text.utf8) }
        if let bytes = binaries[name] { return bytes }
        let file = try MappedFile("\(folder ?? "")/\(name)")
        return withExtendedLifetime(file) { Array($0.bytes) }
    }

    private func json(_ name: String) throws -> JSON? {
        guard has(name) else { return nil }
        let bytes = try bytes(name)
        guard bytes.count <= Self.configurationBytesMax else {
            throw ModelError.badModel(
                "\(name): it has \(bytes.count) bytes, at most \(Self.configurationBytesMax) are "
                    + "allowed")
        }
        do throws(JSONError) {
            return try JSON.parse(bytes)
        } catch {
            throw ModelError.badModel("\(name): \(error.message)")
        }
    }

    // MARK: Special tokens and the chat template

    private static let parts: [(any WritableKeyPath<SpecialTokens, Int32?> & Sendable, String)] = [
        (\.bos, "bos_token"), (\.eos, "eos_token"), (\.unk, "unk_token"), (\.cls, "cls_token"),
        (\.sep, "sep_token"), (\.pad, "pad_token"), (\.mask, "mask_token"),
    ]

    private func configure(_ tokenizer: inout PipelineTokenizer) throws {
        for name in ["special_tokens_map.json", "tokenizer_config.json"] {
            guard let map = try json(name) else { continue }
            for (part, key) in Self.parts {
                // A text, or a description of an added token.
                guard let text = map[key]?.string ?? map[key]?["content"]?.string else { continue }
                guard let id = tokenizer.id(of: text) else { continue }
                tokenizer.special[keyPath: part] = id
            }
            tokenizer.chatTemplate = Self.template(map["chat_template"]) ?? tokenizer.chatTemplate
        }
        if has("chat_template.jinja") {
            tokenizer.chatTemplate = String(
                decoding: try bytes("chat_template.jinja"), as: UTF8.self)
        }
        tokenizer.setEnds()
        try addGenerationEnds(&tokenizer)
    }

    /// A text, or several with names, of which the default one counts.
    private static func template(_ value: JSON?) -> String? {
        if let text = value?.string { return text }
        return value?.array?.first { $0["name"]?.string == "default" }?["template"]?.string
    }

    /// generation_config.json may name more tokens that end a generation.
    private func addGenerationEnds(_ tokenizer: inout PipelineTokenizer) throws {
        guard let value = try json("generation_config.json")?["eos_token_id"] else { return }
        let ids = value.array?.compactMap(\.integer) ?? [value.integer].compactMap { $0 }
        for id in ids where id >= 0 && id < tokenizer.vocabularySize {
            tokenizer.endTokens.insert(Int32(id))
        }
    }
}
