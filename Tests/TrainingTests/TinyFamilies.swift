import CPUBackend
import Foundation
import JSON
import Models
import Spec
import TestSupport

@testable import Training

/// A tiny random model of each kind of architecture, as a base of runs.
enum TinyFamily: String, CaseIterable {
    case llama, bert, gpt2, t5

    /// Writes the model into the folder, and names the file or folder to load.
    func write(to folder: String) throws -> String {
        let path = "\(folder)/\(rawValue)"
        switch self {
        case .llama: try TinyLlamaFile.write(path)
        case .bert: try TinyBERTFolder.write(path)
        case .gpt2: try Self.new(Self.gpt2Configuration, special: ["<|endoftext|>"], eos: 0, path)
        case .t5: try Self.new(Self.t5Configuration, special: ["<pad>", "</s>"], eos: 1, path)
        }
        return path
    }

    func model(in folder: String, backend: CPUBackend) throws -> Model {
        try Model(base: try write(to: folder), backend: backend)
    }

    /// Kinds of task that a model of the family can learn.
    var kinds: [TaskKind] {
        switch self {
        case .llama, .gpt2: TaskKind.allCases.filter { $0 != .sequenceToSequence }
        case .bert: TaskKind.allCases.filter { !$0.traits.writesText }
        case .t5: TaskKind.allCases.filter { $0 != .generation }
        }
    }

    private static let gpt2Configuration: JSON = [
        "model_type": "gpt2", "vocab_size": 257, "n_embd": 16, "n_layer": 2, "n_head": 4,
        "n_positions": 128, "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new",
    ]

    private static let t5Configuration: JSON = [
        "model_type": "t5", "vocab_size": 258, "d_model": 16, "d_kv": 4, "d_ff": 32,
        "num_layers": 2, "num_decoder_layers": 2, "num_heads": 4,
        "relative_attention_num_buckets": 8, "relative_attention_max_distance": 12,
        "layer_norm_epsilon": 1e-6, "feed_forward_proj": "relu", "tie_word_embeddings": true,
        "decoder_start_token_id": 0, "pad_token_id": 0, "eos_token_id": 1,
    ]

    /// A token for each byte after the special ones; T5's end stands after every text.
    private static func new(
        _ config: JSON, special: [String], eos: Int, _ path: String
    ) throws {
        let names = special + TinyLlamaFile.byteCharacters()
        let vocabulary = JSONObject(
            names.enumerated().map { ($1, JSON.integer(Int64($0))) })
        let added: [JSON] = special.enumerated().map {
            [
                "id": .integer(Int64($0)), "content": .string($1), "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": false, "special": true,
            ]
        }
        let end: JSON = ["SpecialToken": ["id": .string(special[eos]), "type_id": 0]]
        let sequence: [JSON] = [["Sequence": ["id": "A", "type_id": 0]]]
        let tokenizer: JSON = [
            "version": "1.0", "added_tokens": .array(added),
            "pre_tokenizer": [
                "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
                "use_regex": true,
            ],
            "post_processor": special.count == 1
                ? .null
                : [
                    "type": "TemplateProcessing", "single": .array(sequence + [end]),
                    "pair": .array(
                        sequence + [end, ["Sequence": ["id": "B", "type_id": 0]], end]),
                    "special_tokens": [
                        "</s>": ["id": "</s>", "ids": [1], "tokens": ["</s>"]]
                    ],
                ],
            "decoder": ["type": "ByteLevel"],
            "model": [
                "type": "BPE", "vocab": vocabulary.map { .object($0) } ?? .null, "merges": [],
            ],
        ]
        try NewModel.write(
            config: config.text,
            documents: [
                "tokenizer.json": tokenizer.text,
                "tokenizer_config.json":
                    JSON.object(["eos_token": .string(special[eos])]).text,
            ], seed: 7, to: path, backend: CPUBackend(threads: 1))
    }
}
