import CPUBackend
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
        case .gpt2: try Self.write(.gpt2, path)
        case .t5: try Self.write(.t5, path)
        }
        return path
    }

    private static func write(_ model: TinyTextModel, _ path: String) throws {
        try NewModel.write(
            config: model.config, documents: model.documents, seed: 7, to: path,
            backend: CPUBackend(threads: 1))
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
}
