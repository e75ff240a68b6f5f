import JSON

// How each model is written in a tokenizer.json.

extension Vocabulary {
    fileprivate func json(of id: Int32) -> JSON {
        .string(String(decoding: text(of: id) ?? [], as: UTF8.self))
    }

    /// Text to id, by id.
    fileprivate func object(where isModel: (Int) -> Bool) -> JSON {
        let members = (0..<count).filter(isModel).map { id in
            (
                name: String(decoding: table.bytes(of: id), as: UTF8.self),
                value: JSON.integer(Int64(id))
            )
        }
        return .object(JSONObject(members) ?? [:])
    }
}

extension BytePairs {
    func description(_ vocabulary: Vocabulary) -> JSON {
        func text(_ bytes: [UInt8]) -> JSON {
            bytes.isEmpty ? .null : .string(String(decoding: bytes, as: UTF8.self))
        }
        return [
            "type": "BPE", "dropout": nil,
            "unk_token": options.unknown.map { .string($0) } ?? .null,
            "continuing_subword_prefix": text(options.continuingPrefix),
            "end_of_word_suffix": text(options.endSuffix),
            "fuse_unk": .bool(options.fusesUnknown),
            "byte_fallback": .bool(options.fallsBackToBytes),
            "ignore_merges": .bool(options.ignoresMerges),
            "vocab": vocabulary.object { modelTokens[$0] },
            "merges": .array(
                mergeList.map {
                    .array([vocabulary.json(of: $0.left), vocabulary.json(of: $0.right)])
                }),
        ]
    }
}

extension WordPieces {
    func description(_ vocabulary: Vocabulary) -> JSON {
        [
            "type": "WordPiece", "unk_token": .string(unknownText),
            "continuing_subword_prefix": .string(continuingPrefix),
            "max_input_chars_per_word": .integer(Int64(wordCharactersMax)),
            "vocab": vocabulary.object { modelTokens[$0] },
        ]
    }
}

extension WholeWords {
    func description(_ vocabulary: Vocabulary) -> JSON {
        [
            "type": "WordLevel", "vocab": vocabulary.object { modelTokens[$0] },
            "unk_token": .string(unknownText),
        ]
    }
}

extension Unigrams {
    func description(_ vocabulary: Vocabulary) -> JSON {
        [
            "type": "Unigram", "unk_id": unknown.map { .integer(Int64($0)) } ?? .null,
            "vocab": .array(
                scores.indices.map {
                    .array([vocabulary.json(of: Int32($0)), .number(scores[$0])])
                }),
            "byte_fallback": .bool(fallsBackToBytes),
        ]
    }
}

extension PipelineTokenizer {
    func tokenizerJSON() -> [UInt8] {
        let json: JSON = [
            "version": "1.0", "truncation": description.truncation,
            "padding": description.padding,
            "added_tokens": .array(
                added.list.sorted { $0.id < $1.id }.map(\.description)),
            "normalizer": description.normalizer, "pre_tokenizer": description.preTokenizer,
            "post_processor": description.postProcessor, "decoder": description.decoder,
            "model": model.description(vocabulary),
        ]
        return json.bytes()
    }
}
