// A model as Hugging Face lays it out: config.json, weights in one safetensors file or in shards,
// tokenizer files; in a folder, or packed into one safetensors file whose metadata holds the text
// files. It knows names, not what they mean.

import Glibc
internal import JSON
internal import Tensor

/// An open model of that layout. Not trusted: sizes, names and paths are checked.
package final class HuggingFaceModel: Checkpoint {
    /// The text files that belong to a model; others are not read.
    static let documentNames = [
        "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "generation_config.json", "vocab.json", "merges.txt", "vocab.txt", "chat_template.jinja",
        "1_Pooling/config.json", "modules.json",
    ]
    /// Files that are no text: SentencePiece's models.
    static let binaryNames = ["spiece.model", "tokenizer.model"]
    static let documentBytesMax = 64 << 20
    private static let packedPrefix = "file:"
    private static let packedBinaryPrefix = "base64:"

    /// Text files by name.
    package let documents: [String: String]
    /// By name; read only where no tokenizer.json says the same.
    let binaries: [String: [UInt8]]
    /// Where they lie; nil when packed.
    let folder: String?
    private let files: [SafetensorsFile]
    private let home: [String: SafetensorsFile]
    private var prefix = ""

    /// - Throws: `bad_model` naming what is wrong.
    package init(folder: String) throws {
        var documents: [String: String] = [:]
        for name in Self.documentNames where access("\(folder)/\(name)", R_OK) == 0 {
            documents[name] = try Self.document("\(folder)/\(name)", name)
        }
        self.documents = documents
        binaries = try Self.binaries(documents) { name in
            access("\(folder)/\(name)", R_OK) == 0
                ? try Self.contents("\(folder)/\(name)", name) : nil
        }
        self.folder = folder
        let single = "\(folder)/model.safetensors"
        if access(single, F_OK) == 0 {
            files = [try SafetensorsFile(single)]
            home = try Self.homes(files, expected: nil)
        } else {
            let index = "model.safetensors.index.json"
            guard access("\(folder)/\(index)", F_OK) == 0 else {
                throw ModelError.badModel(
                    "model folder: neither model.safetensors nor \(index) is in it; other weight "
                        + "formats are not read")
            }
            let shards = try ShardIndex(Self.document("\(folder)/\(index)", index))
            let opened = try shards.files.map { ($0, try SafetensorsFile("\(folder)/\($0)")) }
            files = opened.map(\.1)
            home = try Self.homes(
                files,
                expected: shards.home.mapValues { name in
                    opened.first { $0.0 == name }?.1
                })
        }
    }

    /// A folder packed by `pack`.
    package init(packed path: String) throws {
        let file = try SafetensorsFile(path)
        files = [file]
        folder = nil
        home = try Self.homes(files, expected: nil)
        documents = file.metadata.reduce(into: [:]) { documents, entry in
            guard entry.key.hasPrefix(Self.packedPrefix) else { return }
            documents[String(entry.key.dropFirst(Self.packedPrefix.count))] = entry.value
        }
        binaries = try Self.binaries([:]) { name in
            try file.metadata[Self.packedBinaryPrefix + name].map { text in
                guard let bytes = Base64.decode(Array(text.utf8)) else {
                    throw ModelError.badModel("safetensors: the packed \(name) is not base64")
                }
                return bytes
            }
        }
        guard documents["config.json"] != nil else {
            throw ModelError.badModel(
                "safetensors: the file holds weights but no model; give the folder with its "
                    + "config.json")
        }
    }

    private static func binaries(
        _ documents: [String: String], _ read: (String) throws -> [UInt8]?
    ) throws -> [String: [UInt8]] {
        guard documents["tokenizer.json"] == nil else { return [:] }
        return try binaryNames.reduce(into: [:]) { $0[$1] = try read($1) }
    }

    /// Writes weights, text files and what tokenizers need besides them as one safetensors file,
    /// durably.
    package func pack(to path: String) throws {
        var metadata = ["format": "pt"]
        for (name, bytes) in binaries {
            metadata[Self.packedBinaryPrefix + name] = Base64.encode(bytes)
        }
        for (name, text) in documents { metadata[Self.packedPrefix + name] = text }
        try SafetensorsWriter.write(
            path, metadata: metadata,
            stored: files.flatMap { file in file.names.map { file.stored($0) } })
    }

    package func tensorNames() -> [String] { home.keys.sorted() }

    private static func document(_ path: String, _ name: String) throws -> String {
        String(decoding: try contents(path, name), as: UTF8.self)
    }

    private static func contents(_ path: String, _ name: String) throws -> [UInt8] {
        let file = try MappedFile(path)
        guard file.bytes.count <= documentBytesMax else {
            throw ModelError.badModel(
                "model folder: \(name) has \(file.bytes.count) bytes, allowed are "
                    + "\(documentBytesMax)")
        }
        return withExtendedLifetime(file) { Array($0.bytes) }
    }

    /// Which file has a tensor. No name may be in two files, and an index must tell the truth.
    private static func homes(
        _ files: [SafetensorsFile], expected: [String: SafetensorsFile?]?
    ) throws -> [String: SafetensorsFile] {
        var home: [String: SafetensorsFile] = [:]
        for file in files {
            for name in file.names where home.updateValue(file, forKey: name) != nil {
                throw ModelError.badModel("safetensors: tensor \(printable(name)) is in two files")
            }
        }
        for (name, file) in expected ?? [:] where home[name] == nil || home[name] !== file {
            throw ModelError.badModel(
                "model.safetensors.index.json: tensor \(printable(name)) is not in the file that "
                    + "the index names")
        }
        return home
    }
}

// As a checkpoint
extension HuggingFaceModel {
    func identify() throws -> (any Architecture.Type, ConfigFile) {
        guard let text = documents["config.json"] else {
            throw ModelError.badModel("model folder: config.json is missing")
        }
        var config = try ConfigFile(text: text)
        if let pooling = try documents["1_Pooling/config.json"].map({ try ConfigFile(text: $0) }) {
            // A sentence-embedding model says in a file of its own how it pools.
            config.json["pooling"] = try pooling.pooling()
        }
        return (try Architectures.of(modelType: try config.text("model_type")), config)
    }

    /// Heads that Transformers puts on models of any family: a run learns its own.
    private static let headPrefixes = [
        "classifier.", "cls.", "score.", "qa_outputs.", "multiple_choice_head.",
    ]

    func check(
        _ sources: [ParameterSource], of architecture: any Architecture.Type,
        _ configuration: BackboneConfiguration
    ) throws {
        prefix = architecture.prefix
        var known: Set<String> = []
        for source in sources {
            guard let name = nameInFile(source), let shape = home[name]?.shape(name) else {
                throw ModelError.badModel("safetensors: tensor \(source.name) is missing")
            }
            guard shape == source.fileShape else {
                throw ModelError.badModel(
                    "safetensors: tensor \(source.name) has shape \(shape), config.json says "
                        + "\(source.fileShape)")
            }
            try home[name]?.checkType(name)
            known.insert(name)
        }
        let stranger = home.keys.filter { name in
            let bare = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
            return !known.contains(name) && !architecture.ignores(bare, configuration)
                && !Self.headPrefixes.contains { bare.hasPrefix($0) }
        }.min()
        if let stranger {
            throw ModelError.badModel(
                "safetensors: tensor \(printable(stranger)) is not part of this architecture as "
                    + "supported here")
        }
    }

    func load(_ pairs: [(source: ParameterSource, parameter: Parameter)]) throws {
        for (source, parameter) in pairs {
            guard let name = nameInFile(source), let file = home[name] else { continue }
            try file.read(name, into: parameter.value, transposed: source.isTransposed)
        }
    }

    private func nameInFile(_ source: ParameterSource) -> String? {
        let name = source.name
        let bare = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
        return [name, prefix + name, bare, source.standIn].first { home[$0] != nil }
    }
}

extension ConfigFile {
    /// The pooling that sentence-transformers writes down.
    fileprivate func pooling() throws -> JSON {
        let modes = ["pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "first"]
        let chosen = try json.names.filter {
            $0.hasPrefix("pooling_mode") && value($0)?.bool != nil
                ? try flag($0, default: false) : false
        }
        guard chosen.count == 1, let mode = modes[chosen[0]] else {
            throw ModelError.badModel(
                "1_Pooling/config.json: pooling must be by mean tokens or by the cls token")
        }
        return .string(mode)
    }
}
