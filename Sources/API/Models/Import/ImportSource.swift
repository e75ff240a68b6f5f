import JSON

/// Where a model comes from, as a request says it and as the store keeps it.
enum ImportSource: Sendable, Equatable {
    /// A file or folder of this machine, without links.
    case path(String)
    case hub(HubRepository)
    /// A new one with random weights.
    case scratch(ModelFromScratch)

    /// `{"path":…}`, `{"hub":"org/name","revision":…,"file":…}` or
    /// `{"configuration":{…},"tokenizer":{…},"seed":…}`.
    init(_ fields: inout FieldReader, _ sources: ModelSources) throws {
        let path = try fields.string("path")
        let hub = try fields.string("hub")
        let revision = try fields.string("revision")
        let file = try fields.string("file")
        let scratch = try ModelFromScratch(&fields)
        guard [path != nil, hub != nil, scratch != nil].count(where: { $0 }) == 1 else {
            throw fields.missing("path", "exactly one of `path`, `hub` and `configuration`")
        }
        guard hub != nil || (revision == nil && file == nil) else {
            throw fields.invalid("revision", "and `file` go with `hub`")
        }
        if let path {
            self = .path(try sources.resolve(path))
        } else if let hub {
            guard HubRepository.isName(hub) else {
                throw fields.invalid("hub", "must be \(HubRepository.partRule)")
            }
            guard HubRepository.isPart(revision ?? "main") else {
                throw fields.invalid("revision", "must be a branch, tag or commit without slashes")
            }
            if let file {
                guard HubRepository.isPart(file), HubRepository.isWeights(file) else {
                    throw fields.invalid("file", "must be the name of a GGUF file")
                }
            }
            guard sources.hub != nil else {
                throw APIError(
                    .forbidden, "there is no hub: start the server with --hub URL",
                    parameter: "hub")
            }
            self = .hub(HubRepository(name: hub, revision: revision ?? "main", file: file))
        } else if let scratch {
            self = .scratch(scratch)
        } else {
            throw fields.missing("path", "`path`, `hub` or `configuration`")
        }
    }

    /// Of a store's row.
    /// - Throws: `APIError` when the row is of no version that is known.
    init(stored json: JSON) throws {
        switch json["kind"]?.string {
        case "path": self = .path(json["path"]?.string ?? "")
        case "hub":
            self = .hub(
                HubRepository(
                    name: json["hub"]?.string ?? "", revision: json["revision"]?.string ?? "",
                    file: json["file"]?.string))
        case "scratch":
            var fields = try FieldReader(json)
            guard let scratch = try ModelFromScratch(&fields) else { fallthrough }
            self = .scratch(scratch)
        default: throw APIError(.internal, "an import's source is not known here")
        }
    }

    var json: JSON {
        switch self {
        case .path(let path): ["kind": "path", "path": .string(path)]
        case .hub(let hub):
            [
                "kind": "hub", "hub": .string(hub.name), "revision": .string(hub.revision),
                "file": .optional(hub.file),
            ]
        case .scratch(let scratch): scratch.json
        }
    }
}

/// A model of a configuration, its tokenizer learnt from a data set.
struct ModelFromScratch: Sendable, Equatable {
    /// As in config.json.
    var configuration: JSON
    var dataset: String
    /// Tokens of the vocabulary.
    var vocabulary: Int
    var seed: Int

    /// nil when the request names no configuration.
    init?(_ fields: inout FieldReader) throws {
        let configuration = fields.value("configuration")
        var tokenizer = try fields.object("tokenizer")
        let seed = try fields.integer("seed", in: 0...Int(Int32.max))
        guard let configuration else {
            guard tokenizer == nil, seed == nil else {
                throw fields.missing("configuration", "the model's, as in config.json")
            }
            return nil
        }
        guard configuration.object != nil else {
            throw fields.invalid("configuration", "must be an object, as config.json is")
        }
        guard let dataset = try tokenizer?.identifier("dataset") else {
            throw fields.missing("tokenizer.dataset", "the data set to learn the tokenizer from")
        }
        vocabulary = try tokenizer?.integer("vocabulary", in: 257...1_000_000) ?? 8192
        try tokenizer?.finish()
        self.configuration = configuration
        self.dataset = dataset
        self.seed = seed ?? 1
    }

    var json: JSON {
        [
            "kind": "scratch", "configuration": configuration,
            "tokenizer": ["dataset": .string(dataset), "vocabulary": .count(vocabulary)],
            "seed": .count(seed),
        ]
    }
}
