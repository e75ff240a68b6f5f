import JSON

/// Which splitting goes with a name of `tokenizer.ggml.pre`, as a tokenizer.json would have it.
struct GGUFSplitting: Sendable {
    let preTokenizer: JSON
    var ignoresMerges = false

    static let decoder: JSON = [
        "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true,
    ]

    private static let gpt2: JSON = byteLevel(splitsWords: true)
    private static let digitsThenGPT2: JSON = sequence([
        ["type": "Digits", "individual_digits": true], gpt2,
    ])

    static let byName: [String: GGUFSplitting] = [
        "default": GGUFSplitting(preTokenizer: gpt2),
        "gpt-2": GGUFSplitting(preTokenizer: gpt2),
        "phi-2": GGUFSplitting(preTokenizer: gpt2),
        "olmo": GGUFSplitting(preTokenizer: gpt2),
        "dbrx": GGUFSplitting(preTokenizer: cl100k(digits: 3)),
        "llama-bpe": GGUFSplitting(preTokenizer: cl100k(digits: 3), ignoresMerges: true),
        "llama3": GGUFSplitting(preTokenizer: cl100k(digits: 3), ignoresMerges: true),
        "llama-v3": GGUFSplitting(preTokenizer: cl100k(digits: 3), ignoresMerges: true),
        "smaug-bpe": GGUFSplitting(preTokenizer: cl100k(digits: 3)),
        "qwen2": GGUFSplitting(preTokenizer: cl100k(digits: 1)),
        "stablelm2": GGUFSplitting(preTokenizer: cl100k(digits: 1)),
        "smollm": GGUFSplitting(preTokenizer: digitsThenGPT2),
        "starcoder": GGUFSplitting(preTokenizer: digitsThenGPT2),
        "refact": GGUFSplitting(preTokenizer: digitsThenGPT2),
        "command-r": GGUFSplitting(preTokenizer: digitsThenGPT2),
    ]

    private static func byteLevel(splitsWords: Bool) -> JSON {
        [
            "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
            "use_regex": .bool(splitsWords),
        ]
    }

    private static func sequence(_ steps: [JSON]) -> JSON {
        ["type": "Sequence", "pretokenizers": .array(steps)]
    }

    private static func cl100k(digits: Int) -> JSON {
        let pattern =
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"#
            + (digits > 1 ? "{1,\(digits)}" : "")
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        return sequence([
            [
                "type": "Split", "pattern": ["Regex": .string(pattern)],
                "behavior": "Isolated", "invert": false,
            ], byteLevel(splitsWords: false),
        ])
    }
}
