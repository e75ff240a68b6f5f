import Glibc
import Tensor

/// An open pretrained model: what it is, and where its weights are. Not trusted until checked.
protocol Checkpoint: AnyObject {
    /// The architecture, and the configuration in config.json's words.
    func identify() throws -> (any Architecture.Type, ConfigFile)
    /// - Throws: `bad_model` when a tensor is missing, has another shape, or is not known to the
    ///   architecture.
    func check(
        _ sources: [ParameterSource], of architecture: any Architecture.Type,
        _ configuration: BackboneConfiguration) throws
    /// Fills the parameters from their checked sources.
    func load(_ pairs: [(source: ParameterSource, parameter: Parameter)]) throws
    /// - Throws: `bad_model` naming what is wrong with it.
    func tokenizer() throws -> any Tokenizer
}

extension Checkpoint {
    /// Tables may be padded beyond the tokenizer's last token, never the other way round.
    /// - Throws: `bad_model`.
    func tokenizer(fitting configuration: BackboneConfiguration) throws -> any Tokenizer {
        let tokenizer = try tokenizer()
        guard tokenizer.vocabularySize <= configuration.vocabulary else {
            throw ModelError.badModel(
                "model file: \(tokenizer.vocabularySize) tokens for a vocabulary of "
                    + "\(configuration.vocabulary)")
        }
        return tokenizer
    }
}

/// A parameter of an architecture and where files keep its values.
struct ParameterSource {
    /// The Hugging Face name.
    let name: String
    /// As the backbone uses it: `[outputs, inputs]` for a matrix.
    let shape: [Int]
    /// The tensor's name in GGUF; empty where the family is not read from GGUF.
    var stored: String = ""
    /// GGUF keeps the rows of Llama's query and key matrices in the order that rotates
    /// neighbouring pairs; with the head dimension given here they are put back into the order
    /// that rotates halves, as in Hugging Face files.
    var rotaryHeadDimension: Int?
    /// Hugging Face files keep it as `[inputs, outputs]` (GPT-2's `Conv1D`).
    var isTransposed = false
    /// The tensor whose values it has where Hugging Face files lack its own; empty: none.
    var standIn = ""

    /// Where row `row` of the GGUF tensor belongs: stored row 2i + s of a head is its row
    /// i + s·dimension/2.
    func rotaryHome(_ row: Int) -> Int {
        guard let dimension = rotaryHeadDimension else { return row }
        let within = row % dimension
        return row - within + within / 2 + (within & 1) * (dimension / 2)
    }

    /// The shape in Hugging Face files.
    var fileShape: [Int] { isTransposed ? shape.reversed() : shape }
}

enum Checkpoints {
    /// Opens a GGUF file, a Hugging Face folder, or such a folder packed into one file.
    /// - Throws: `bad_model` naming what is wrong with it.
    static func open(_ path: String) throws -> any Checkpoint {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            return try HuggingFaceModel(folder: path)
        }
        let file = try MappedFile(path)
        if withExtendedLifetime(file, { $0.bytes.starts(with: "GGUF".utf8) }) {
            return try GGUFFile(path)
        }
        return try HuggingFaceModel(packed: path)
    }
}
