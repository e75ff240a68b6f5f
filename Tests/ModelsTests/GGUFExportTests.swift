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
    ]

    @Test(
        "weights, tokens, special tokens and template are read back as they were",
        arguments: ["llama", "llama_linear", "llama3", "qwen2", "bert", "gpt2"])
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
            ("t5", "the family t5"), ("mistral", "a sliding window of 3"),
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
