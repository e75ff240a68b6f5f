import CPUBackend
import Foundation
import JSON
import Tensor
import TestSupport
import Testing

@testable import Models

/// Models that came as Hugging Face folders, written as GGUF files.
@Suite("GGUF exports of Hugging Face models")
struct GGUFExportTests {
    private let folder: TemporaryFolder
    private let backend = CPUBackend(threads: 1)
    /// Where `scripts/reference/check_exports.py` looks for what is exported here.
    private static let kept = ProcessInfo.processInfo.environment["POLYTASK_TEST_EXPORTS"]

    init() throws { folder = try TemporaryFolder() }

    private static let texts = [
        "ab abc 12345 aab", " a  ab\n\nabc", "unaffable Tieng Viet a!", "日本 xyz", "",
    ]

    /// Sizes that fit every tokenizer, with rows to spare, and its splitting.
    private static func config(_ name: String) -> JSON {
        let llama: JSONObject = [
            "model_type": "llama", "vocab_size": 270, "hidden_size": 32, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 64,
            "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "tie_word_embeddings": true,
            "architectures": ["LlamaForCausalLM"],
        ]
        var config = llama
        switch name {
        case "llama_linear":
            config["rope_scaling"] = ["rope_type": "linear", "factor": 4.0]
            config["tie_word_embeddings"] = false
        case "llama3":
            config["rope_theta"] = 500_000.0
            config["rope_scaling"] = [
                "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
            ]
        case "qwen2":
            config["model_type"] = "qwen2"
            config["architectures"] = ["Qwen2ForCausalLM"]
        case "bert":
            return [
                "model_type": "bert", "architectures": ["BertModel"], "vocab_size": 25,
                "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
                "intermediate_size": 64, "max_position_embeddings": 64, "type_vocab_size": 2,
                "layer_norm_eps": 1e-12, "hidden_act": "gelu", "pooling": "mean",
            ]
        case "gpt2":
            return [
                "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": 270,
                "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64,
                "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new",
            ]
        case "t5", "t5_gated":
            return [
                "model_type": "t5", "architectures": ["T5ForConditionalGeneration"],
                "vocab_size": 270, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2,
                "num_heads": 4, "relative_attention_num_buckets": 32,
                "relative_attention_max_distance": 128, "layer_norm_epsilon": 1e-6,
                "decoder_start_token_id": 0, "is_encoder_decoder": true,
                "feed_forward_proj": .string(name == "t5" ? "relu" : "gated-gelu"),
                "tie_word_embeddings": .bool(name == "t5"),
            ]
        default: break
        }
        return .object(config)
    }

    private static let tokenizers = [
        "llama": TinyTokenizers.llama, "llama_linear": TinyTokenizers.byteLevel,
        "llama3": TinyTokenizers.byteLevel,
        "qwen2": TinyTokenizers.byteLevel.replacing(#"\\p{N}{1,3}"#, with: #"\\p{N}"#)
            .replacing(#""ignore_merges":true"#, with: #""ignore_merges":false"#),
        "bert": TinyTokenizers.bert, "gpt2": TinyTokenizers.byteLevel,
        "t5": unigram(normalizer: "null", splitters: [whiteSpace, metaspace()]),
        "t5_gated": unigram(
            normalizer: characterMap, splitters: [whiteSpace, metaspace()]),
    ]

    // MARK: Unigram

    private static let whiteSpace = #"{"type":"WhitespaceSplit"}"#
    private static let oneForMany =
        #"{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}"#
    private static let stripRight = #"{"type":"Strip","strip_left":false,"strip_right":true}"#
    private static let characterMap: String = {
        let spaces = (UInt32(9)...0x3000).compactMap(Unicode.Scalar.init).filter(
            \.properties.isWhitespace)
        let blob = CharacterMap.blob(
            replacing: spaces.filter { $0 != " " }.map { Array(String($0).utf8) },
            with: [0x20])
        return #"{"type":"Precompiled","precompiled_charsmap":"\#(Base64.encode(blob))"}"#
    }()

    private static func metaspace(_ scheme: String = "always") -> String {
        #"{"type":"Metaspace","replacement":"▁","prepend_scheme":"\#(scheme)","split":true}"#
    }

    private static func unigram(normalizer: String, splitters: [String]) -> String {
        let tiny = TinyTokenizers.unigram.split(separator: "\n", omittingEmptySubsequences: false)
        return tiny.map { line in
            if line.contains(#""normalizer":"#) { return #""normalizer":\#(normalizer),"# }
            guard line.contains(#""pre_tokenizer":"#) else { return String(line) }
            let steps = splitters.joined(separator: ",")
            return #""pre_tokenizer":{"type":"Sequence","pretokenizers":[\#(steps)]},"#
        }.joined(separator: "\n")
    }

    private static func read(_ tokenizer: PipelineTokenizer) throws -> PipelineTokenizer {
        var metadata = GGUFMetadata("t5", sizes: try TinyModel("t5").backbone.configuration)
        try GGUFVocabulary(tokenizer: tokenizer, rows: 20).write(to: &metadata)
        let folder = try TemporaryFolder()
        try GGUFWriter.write(folder.file("v.gguf"), metadata: metadata, items: [])
        return try GGUFTokenizer(GGUFFile(folder.file("v.gguf"))).load()
    }

    @Test(
        "a Unigram tokenizer that GGUF can say is read back with the ids it had",
        arguments: [
            (
                "null", [whiteSpace, metaspace()],
                ["", "  ab\t\u{3000}ab\u{85}b ", " a\r\nb\u{2003}"]
            ),
            (characterMap, [whiteSpace, metaspace()], ["ab\n\nab  a ", "\u{A0}ab"]),
            (
                #"{"type":"Sequence","normalizers":[\#(characterMap),\#(stripRight),\#(oneForMany)]}"#,
                [metaspace()], ["  ab   ab \u{2009} ", "a\tb", " "]
            ),
            // A space at an end is the deviation that is told of.
            (oneForMany, [metaspace()], ["  ab   ab", "a\tb"]),
            ("null", [metaspace()], ["a  ab b "]),
        ])
    func unigrams(normalizer: String, splitters: [String], texts: [String]) throws {
        let json = Self.unigram(normalizer: normalizer, splitters: splitters)
        let tokenizer = try TokenizerFile.parse(JSON.parse(json))
        let again = try Self.read(tokenizer)
        for text in texts + ["ab abc aab bab日本 日ab ficb", "fi", "x"] {
            let ids = again.encode(text, nil, options: EncodeOptions()).ids
            #expect(ids == tokenizer.encode(text, nil, options: EncodeOptions()).ids, "\(text)")
        }
        #expect(again.special == tokenizer.special)
        #expect(again.decode([6, 4, 8]) == tokenizer.decode([6, 4, 8]))
    }

    @Test(
        "a Unigram tokenizer that GGUF cannot say is refused by what it has",
        arguments: [
            (#""normalizer":null"#, #""normalizer":{"type":"Lowercase"}"#, "before it is split"),
            (#""normalizer":null"#, #""normalizer":\#(stripRight)"#, "without merging"),
            (metaspace(), metaspace("first"), "splits text into words"),
            (metaspace(), metaspace("never"), "splits text into words"),
            (#""special":true"#, #""special":false"#, "added token of id 0"),
            (#""unk_id":1"#, #""unk_id":null"#, "for what is unknown"),
            (#""byte_fallback":false"#, #""byte_fallback":true"#, "with bytes"),
            (#""fi""#, #""f▁i""#, "token 8, which goes over the end of a word"),
        ])
    func unigramRefusals(from: String, to: String, message: String) throws {
        let json = Self.unigram(normalizer: "null", splitters: [Self.metaspace()])
            .replacing(from, with: to)
        let tokenizer = try TokenizerFile.parse(JSON.parse(json))
        let error = #expect(throws: ModelError.self) { _ = try Self.read(tokenizer) }
        #expect(error?.code == "invalid_input" && error?.message.contains(message) == true)
    }

    @Test("a character map that leaves a kind of white space cannot be said where words end there")
    func leavesSpace() throws {
        let map = Base64.encode(CharacterMap.blob(replacing: [[0x09]], with: [0x20]))
        let json = Self.unigram(
            normalizer: #"{"type":"Precompiled","precompiled_charsmap":"\#(map)"}"#,
            splitters: [Self.whiteSpace, Self.metaspace()])
        let tokenizer = try TokenizerFile.parse(JSON.parse(json))
        let error = #expect(throws: ModelError.self) { _ = try Self.read(tokenizer) }
        #expect(error?.message.contains("the character map leaves") == true)
    }

    @Test("the output of a tied T5 is written with its scale, which readers of GGUF leave out")
    func tiedOutput() throws {
        let source = folder.file("tied")
        try NewModel.write(
            config: Self.config("t5").text,
            documents: ["tokenizer.json": Self.tokenizers["t5"] ?? ""],
            seed: 4, to: source, backend: backend)
        let model = try Model(base: source, backend: backend)
        try model.exportGGUF(to: folder.file("tied.gguf"), type: .f32)
        let again = try Model(base: folder.file("tied.gguf"), backend: backend)
        let output = again.backbone.outputProjection.value.floats()
        let table = model.backbone.outputProjection.value.floats()
        #expect(output == table.map { $0 * (1 / Float(32).squareRoot()) })
    }

    @Test(
        "weights, tokens, special tokens and template are read back as they were",
        arguments: [
            "llama", "llama_linear", "llama3", "qwen2", "bert", "gpt2", "t5", "t5_gated",
        ])
    func roundTrip(name: String) throws {
        let source = Self.kept.map { "\($0)/gguf_\(name)" } ?? folder.file(name)
        try NewModel.write(
            config: Self.config(name).text,
            documents: [
                "tokenizer.json": Self.tokenizers[name] ?? "",
                "tokenizer_config.json": #"{"tokenizer_class":"PreTrainedTokenizerFast"}"#,
            ], seed: 3, to: source, backend: backend)
        let model = try Model(base: source, backend: backend)
        let path = "\(source)/model.gguf"
        try model.exportGGUF(to: path, type: .f32)
        let again = try Model(base: path, backend: backend)
        #expect(
            again.backbone.configuration.architecture == model.backbone.configuration.architecture)
        #expect(
            again.backbone.configuration.details.json["rope_scaling"]?["factor"]
                == model.backbone.configuration.details.json["rope_scaling"]?["factor"])
        for (a, b) in zip(again.backbone.parameters, model.backbone.parameters) {
            #expect(a.name == b.name && a.value.floats() == b.value.floats(), "\(a.name)")
        }
        for text in Self.texts {
            #expect(again.tokenizer.encode(text).ids == model.tokenizer.encode(text).ids, "\(text)")
        }
        #expect(again.tokenizer.special == model.tokenizer.special)
        #expect(again.tokenizer.endTokens == model.tokenizer.endTokens)
    }

    @Test(
        "what GGUF cannot say is refused with what to use instead",
        arguments: [
            ("mistral", "a sliding window of 3"),
            ("bert_pooler", "no pooler"),
        ])
    func refusals(name: String, message: String) throws {
        let tiny = try TinyModel(name)
        let error = #expect(throws: ModelError.self) {
            _ = try type(of: tiny.backbone).metadata(of: tiny.backbone.configuration)
        }
        #expect(error?.code == "invalid_input")
        #expect(
            error?.message.contains(message) == true
                && error?.message.contains("safetensors") == true)
    }

    @Test("a tokenizer that splits as no program that reads GGUF does is refused")
    func splitting() throws {
        let text = TinyTokenizers.byteLevel.replacing(#"\\p{N}{1,3}"#, with: #"\\p{N}{1,7}"#)
        let tokenizer = try #require(
            try TokenizerFile.parse(JSON.parse(text)) as PipelineTokenizer?)
        var metadata = GGUFMetadata()
        let error = #expect(throws: ModelError.self) {
            try GGUFVocabulary(tokenizer: tokenizer, rows: 270).write(to: &metadata)
        }
        #expect(error?.message.contains("splits text into words") == true)
    }
}
