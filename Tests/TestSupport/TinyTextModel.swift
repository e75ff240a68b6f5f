import Foundation

/// The text files of tiny models that write: config.json, and a tokenizer with a token for each
/// byte after the special ones. `NewModel.write` adds random weights.
package enum TinyTextModel: Sendable {
    case gpt2, t5

    package var config: String {
        switch self {
        case .gpt2:
            """
            {"model_type":"gpt2","vocab_size":257,"n_embd":16,"n_layer":2,"n_head":4,\
            "n_positions":128,"layer_norm_epsilon":1e-5,"activation_function":"gelu_new"}
            """
        case .t5:
            """
            {"model_type":"t5","vocab_size":258,"d_model":16,"d_kv":4,"d_ff":32,"num_layers":2,\
            "num_decoder_layers":2,"num_heads":4,"relative_attention_num_buckets":8,\
            "relative_attention_max_distance":12,"layer_norm_epsilon":1e-6,\
            "feed_forward_proj":"relu","tie_word_embeddings":true,"decoder_start_token_id":0,\
            "pad_token_id":0,"eos_token_id":1}
            """
        }
    }

    package var documents: [String: String] {
        get throws {
            [
                "tokenizer.json": try Self.text(tokenizer),
                "tokenizer_config.json": #"{"eos_token":"\#(special.last ?? "")"}"#,
            ]
        }
    }

    private var special: [String] { self == .gpt2 ? ["<|endoftext|>"] : ["<pad>", "</s>"] }

    private var tokenizer: [String: Any] {
        let names = special + TinyLlamaFile.byteCharacters()
        let added = special.enumerated().map { index, name -> [String: Any] in
            [
                "id": index, "content": name, "single_word": false, "lstrip": false,
                "rstrip": false, "normalized": false, "special": true,
            ]
        }
        return [
            "version": "1.0", "added_tokens": added,
            "pre_tokenizer": [
                "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
                "use_regex": true,
            ] as [String: Any],
            "post_processor": self == .t5 ? endAfterText : NSNull(),
            "decoder": ["type": "ByteLevel"],
            "model": [
                "type": "BPE", "merges": [String](),
                "vocab": Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) }),
            ] as [String: Any],
        ]
    }

    private var endAfterText: [String: Any] {
        func text(_ id: String) -> [String: Any] {
            ["Sequence": ["id": id, "type_id": 0] as [String: Any]]
        }
        let end = ["SpecialToken": ["id": "</s>", "type_id": 0] as [String: Any]]
        return [
            "type": "TemplateProcessing", "single": [text("A"), end],
            "pair": [text("A"), end, text("B"), end],
            "special_tokens": [
                "</s>": ["id": "</s>", "ids": [1], "tokens": ["</s>"]] as [String: Any]
            ],
        ]
    }

    private static func text(_ object: [String: Any]) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
    }
}
