import Models
import Tensor

/// What a part of a run puts into a checkpoint beside the weights.
struct SavedState {
    var metadata: [String: String] = [:]
    var tensors: [(name: String, tensor: Tensor)] = []

    mutating func add(_ other: SavedState) {
        metadata.merge(other.metadata) { own, _ in own }
        tensors += other.tensors
    }
}

/// A checkpoint file to read such parts from.
struct SavedSource {
    let file: SafetensorsFile

    func integer(_ name: String) throws -> Int {
        guard let value = file.metadata[name].flatMap({ Int($0) }), value >= 0 else {
            throw Self.mismatch("lacks \(name)")
        }
        return value
    }

    func integers(_ name: String) throws -> [Int] {
        guard let text = file.metadata[name] else { throw Self.mismatch("lacks \(name)") }
        return text.split(separator: " ").compactMap { Int($0) }
    }

    /// Places among the run's parameters.
    func places(_ name: String, among parameters: [Parameter]) throws -> [Int] {
        let places = try integers(name)
        guard places.allSatisfy(parameters.indices.contains) else {
            throw Self.mismatch("keeps something of a parameter that the run has not")
        }
        return places
    }

    func read(_ name: String, into tensor: Tensor) throws {
        guard file.shape(name) == tensor.shape else {
            throw Self.mismatch("has no tensor \(name) of the run's shape")
        }
        try file.read(name, into: tensor)
    }

    static func mismatch(_ what: String) -> TrainingError {
        TrainingError(
            code: "checkpoint_mismatch", message: "the checkpoint \(what); start the run anew")
    }
}
