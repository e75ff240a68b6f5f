import Tensor

/// The weights as a stage found them, of those that earlier tasks answer with.
final class StageStart {
    private let parameters: [Parameter]
    private let backend: any Backend
    private var copies: [Int: Tensor] = [:]

    init(_ parameters: [Parameter], backend: any Backend) {
        self.parameters = parameters
        self.backend = backend
    }

    /// Begins anew where the parameters are now. Memory that was not there is the backend's
    /// `failure`.
    func take(_ places: [Int]) {
        copies = copies.filter { places.contains($0.key) }
        for index in places {
            let value = parameters[index].value
            let copy = copies[index] ?? Tensor(value.shape, backend: backend)
            guard backend.failure == nil else { return }
            backend.copy(value.pointer, to: copy.pointer, value.count)
            copies[index] = copy
        }
    }

    /// θ ← (1 − share) θ + share · θ_start.
    func merge(share: Double) {
        for (index, copy) in copies {
            let (value, start) = (parameters[index].value.pointer, copy.pointer)
            let (new, old) = (Float(1 - share), Float(share))
            for i in 0..<copy.count { value[i] = new * value[i] + old * start[i] }
        }
    }
}

extension StageStart {
    var saved: SavedState {
        var state = SavedState()
        let places = copies.keys.sorted()
        state.metadata["merging.places"] = places.map { "\($0)" }.joined(separator: " ")
        state.tensors = copies.sorted { $0.key < $1.key }.map {
            ("merging.start.\(parameters[$0].name)", $1)
        }
        return state
    }

    func restore(_ source: SavedSource) throws {
        copies = [:]
        for index in try source.places("merging.places", among: parameters) {
            let copy = Tensor(parameters[index].value.shape, backend: backend)
            try source.read("merging.start.\(parameters[index].name)", into: copy)
            copies[index] = copy
        }
    }
}
