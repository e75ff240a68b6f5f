import JSON

/// `model.safetensors.index.json`: which of several files has which tensor.
struct ShardIndex {
    static let filesMax = 4096

    /// File by tensor.
    let home: [String: String]
    /// File names, sorted.
    let files: [String]

    /// - Throws: `bad_model` when it is malformed or names a file outside the folder.
    init(_ text: String) throws {
        guard let map = (try? JSON.parse(text))?["weight_map"]?.object else {
            throw ModelError.badModel("model.safetensors.index.json: it has no weight_map")
        }
        home = try map.members.reduce(into: [:]) { home, member in
            guard let file = member.value.string, Self.isPlain(file) else {
                throw ModelError.badModel(
                    "model.safetensors.index.json: the file of tensor \(printable(member.name)) "
                        + "must be the name of a .safetensors file in the same folder")
            }
            home[member.name] = file
        }
        files = Set(home.values).sorted()
        guard !files.isEmpty, files.count <= Self.filesMax else {
            throw ModelError.badModel(
                "model.safetensors.index.json: it names \(files.count) files, allowed are 1 to "
                    + "\(Self.filesMax)")
        }
    }

    /// A name without folders: an index cannot reach outside.
    private static func isPlain(_ name: String) -> Bool {
        name.hasSuffix(".safetensors") && !name.hasPrefix(".") && name.utf8.count <= 255
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x2F && $0 != 0x5C }
    }
}
