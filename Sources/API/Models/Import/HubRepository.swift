import HTTP
import JSON

/// A model on a hub, in the URL scheme of Hugging Face:
/// `<base>/api/models/<org>/<name>/revision/<revision>` lists its files,
/// `<base>/<org>/<name>/resolve/<commit>/<file>` is one of them.
struct HubRepository: Sendable, Equatable {
    /// What a listing says.
    struct Listing: Sendable, Equatable {
        /// The revision's own id, which does not move.
        var commit: String
        var license: String?
        /// Those that are fetched.
        var files: [String]
    }

    static let partRule = "org/name, each 1 to 96 of the characters A-Z a-z 0-9 . _ -"
    private static let filesMax = 10_000

    /// `org/name`.
    var name: String
    var revision: String
    /// The one file to take, where a repository has several models.
    var file: String?

    static func isName(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { isPart(String($0)) }
    }

    /// A part of a path that is no way out of it.
    static func isPart(_ text: String) -> Bool {
        text.utf8.count <= 96 && !text.hasPrefix(".")
            && !text.isEmpty
            && text.utf8.allSatisfy { byte in
                byte == 0x2D || byte == 0x2E || byte == 0x5F || (0x30...0x39).contains(byte)
                    || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            }
    }

    // MARK: Files

    /// Reads a listing and chooses the files of a model in it: nothing that executes code is ever
    /// fetched.
    /// - Throws: `APIError` when there is no model that could be read.
    func listing(_ json: JSON) throws -> Listing {
        guard let commit = json["sha"]?.string, Self.isPart(commit),
            let siblings = json["siblings"]?.array, siblings.count <= Self.filesMax
        else { throw Self.refusal("its answer lists no files") }
        let names = siblings.compactMap { $0["rfilename"]?.string }
        return Listing(
            commit: commit, license: json["cardData"]?["license"]?.string.flatMap(Self.license),
            files: try chosen(of: names))
    }

    private func chosen(of names: [String]) throws -> [String] {
        if let file {
            guard names.contains(file) else {
                throw APIError.invalid("file", "is not in the repository at this revision")
            }
            return [file]
        }
        var weights: [String] = []
        if names.contains("model.safetensors") {
            weights = ["model.safetensors"]
        } else if names.contains("model.safetensors.index.json") {
            weights = names.filter {
                $0.hasPrefix("model-") && $0.hasSuffix(".safetensors") && Self.isPart($0)
            }
        }
        guard weights.isEmpty else { return weights + names.filter(Self.isText) }
        let ggufs = names.filter { $0.hasSuffix(".gguf") && Self.isPart($0) }
        guard ggufs.count == 1 else {
            throw ggufs.isEmpty
                ? Self.refusal("the repository has neither safetensors nor GGUF files")
                : APIError.invalid(
                    "file",
                    "must say which of the \(ggufs.count) GGUF files to take, such as "
                        + Identifier.list(ggufs.sorted()))
        }
        return ggufs
    }

    /// Configurations and tokenizers.
    private static func isText(_ name: String) -> Bool {
        if name == "1_Pooling/config.json" { return true }
        guard isPart(name) else { return false }
        return name == "spiece.model" || name == "tokenizer.model"
            || [".json", ".txt", ".jinja"].contains { name.hasSuffix($0) }
    }

    /// Whether a file has the model's numbers, whose hash must be known.
    static func isWeights(_ name: String) -> Bool {
        name.hasSuffix(".safetensors") || name.hasSuffix(".gguf")
    }

    private static func license(_ text: String) -> String? {
        Identifier.isValid(text) ? text : nil
    }

    static func refusal(_ what: String) -> APIError {
        APIError(.invalidData, "the hub: \(what)", parameter: "hub")
    }
}
