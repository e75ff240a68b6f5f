import Models
import Tensor

/// A copy of the trained weights as they were at an evaluation, to go back to. Takes their memory
/// once more.
struct BestWeights {
    private let backend: any Backend
    private var copies: [String: Tensor] = [:]
    /// The step of the evaluation; `nil` before the first.
    private(set) var step: Int?
    private(set) var scores: [Double] = []

    init(backend: any Backend) { self.backend = backend }

    mutating func take(_ parameters: [Parameter], step: Int, scores: [Double]) {
        for parameter in parameters {
            let value = parameter.value
            let copy = copies[parameter.name] ?? Tensor(value.shape, backend: backend)
            backend.copy(value.pointer, to: copy.pointer, value.count)
            copies[parameter.name] = copy
        }
        self.step = step
        self.scores = scores
    }

    /// Makes the weights what they were.
    func putBack(_ parameters: [Parameter]) {
        for parameter in parameters {
            guard let copy = copies[parameter.name] else { continue }
            backend.copy(copy.pointer, to: parameter.value.pointer, copy.count)
        }
    }

    var saved: SavedState {
        var state = SavedState()
        guard let step else { return state }
        state.metadata["best.step"] = "\(step)"
        state.metadata["best.scores"] = scores.map { "\($0)" }.joined(separator: " ")
        state.metadata["best.names"] = copies.keys.sorted().joined(separator: " ")
        state.tensors = copies.sorted { $0.key < $1.key }.map { ("best.\($0)", $1) }
        return state
    }

    /// Takes back what `saved` wrote; nothing where no evaluation had come yet.
    mutating func restore(_ source: SavedSource, _ parameters: [Parameter]) throws {
        guard let names = source.file.metadata["best.names"] else { return }
        let kept = Set(names.split(separator: " ").map(String.init))
        for parameter in parameters where kept.contains(parameter.name) {
            let copy = Tensor(parameter.value.shape, backend: backend)
            try source.read("best.\(parameter.name)", into: copy)
            copies[parameter.name] = copy
        }
        step = try source.integer("best.step")
        scores = (source.file.metadata["best.scores"] ?? "").split(separator: " ")
            .compactMap { Double($0) }
    }
}
