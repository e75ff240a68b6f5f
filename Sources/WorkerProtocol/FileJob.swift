/// What a files worker does with model files. Every path is the server's; what the worker writes
/// lies in the folder that the job names.
package enum FileJob: Codable, Sendable {
    /// Writes what takes a model elsewhere.
    case export(ExportJob)
    /// Checks a file or folder that came in, and makes one file of it that the store can keep.
    case take(path: String, scratch: String)
    /// Makes a model of a configuration, its tokenizer learnt from a data set.
    case create(NewModelJob)
}

package struct NewModelJob: Codable, Sendable {
    /// Text of a config.json; the vocabulary's size and the ids of special tokens are filled in.
    package var configuration: String
    package var dataset: BlobReference
    /// Tokens at most.
    package var vocabulary: Int
    package var seed: UInt64
    /// Made by the worker, as Hugging Face lays models out.
    package var folder: String

    package init(
        configuration: String, dataset: BlobReference, vocabulary: Int, seed: UInt64,
        folder: String
    ) {
        self.configuration = configuration
        self.dataset = dataset
        self.vocabulary = vocabulary
        self.seed = seed
        self.folder = folder
    }
}

package struct ExportJob: Codable, Sendable {
    package enum Format: Codable, Sendable, Equatable {
        /// A folder that Transformers loads.
        case safetensors
        /// One file, `model.gguf`; the type of its matrices by name: F32, F16, Q8_0.
        case gguf(type: String)
    }

    package var files: ModelFiles
    package var format: Format
    /// Texts that go into a folder as they are, by name.
    package var documents: [String: String]
    /// Made by the worker.
    package var folder: String

    package init(
        files: ModelFiles, format: Format, documents: [String: String], folder: String
    ) {
        self.files = files
        self.format = format
        self.documents = documents
        self.folder = folder
    }
}

package enum FileResult: Codable, Sendable {
    case exported
    case created
    case taken(TakenModel)
}

/// A pretrained model that was found to be whole.
package struct TakenModel: Codable, Sendable, Equatable {
    /// The one file.
    package var path: String
    package var architecture: String
    package var parameters: Int
    package var contextLength: Int
    package var vocabulary: Int
    /// The kinds of tasks that it can learn; nil: not known.
    package var taskKinds: [String]?
    /// What `targets` of an adaptation can name; nil: not known.
    package var adapterTargets: [String]?
    package var hasChatTemplate: Bool?
    /// As the file says it; nil where it says nothing.
    package var license: String?

    package init(
        path: String, architecture: String, parameters: Int, contextLength: Int, vocabulary: Int,
        taskKinds: [String]? = nil, adapterTargets: [String]? = nil, hasChatTemplate: Bool? = nil,
        license: String?
    ) {
        self.path = path
        self.architecture = architecture
        self.parameters = parameters
        self.contextLength = contextLength
        self.vocabulary = vocabulary
        self.taskKinds = taskKinds
        self.adapterTargets = adapterTargets
        self.hasChatTemplate = hasChatTemplate
        self.license = license
    }
}
