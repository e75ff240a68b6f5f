import NN
import Tensor

/// The quadratics of all earlier stages as one: Σ F and its centre for every trainable parameter,
/// at a memory that does not grow with the stages.
final class QuadraticAnchor {
    private let parameters: [Parameter]
    private let backend: any Backend
    private var parts: [Int: (precision: Tensor, center: Tensor)] = [:]

    init(_ parameters: [Parameter], backend: any Backend) {
        self.parameters = parameters
        self.backend = backend
    }

    var isEmpty: Bool { parts.isEmpty }

    var bytes: Int { parts.values.reduce(0) { $0 + 8 * $1.precision.count } }

    /// Joins ½ Σ fisher·(θ − now)² of a stage that just ended.
    /// - Parameters:
    ///   - fisher: by parameter; what is missing mattered to no row of the stage.
    ///   - decay: γ, with which earlier quadratics fade and move to the present parameters; `nil`:
    ///     they stay as they are.
    func join(_ fisher: [Int: Tensor], decay: Double?) {
        var fisher = fisher
        if decay != nil {
            for (index, part) in parts where fisher[index] == nil {
                let none = Tensor(part.precision.shape, backend: backend)
                guard backend.failure == nil else { return }
                backend.zero(none.pointer, none.count)
                fisher[index] = none
            }
        }
        for (index, added) in fisher {
            let value = parameters[index].value
            let part = parts[index] ?? empty(like: value)
            backend.join(
                QuadraticPenalty(
                    precision: part.precision.pointer, center: part.center.pointer),
                decay: Float(decay ?? 1), added: added.pointer, value: value.pointer, value.count)
            if decay != nil {
                backend.copy(value.pointer, to: part.center.pointer, value.count)
            }
            parts[index] = part
        }
    }

    /// Joins ½ ‖θ − now‖² over some parameters.
    func joinOnes(_ places: [Int]) {
        for index in places {
            let value = parameters[index].value
            let part = empty(like: value)
            part.precision.pointer.update(repeating: 1, count: value.count)
            parts[index] = part
        }
    }

    func penalties(strength: Double) -> Penalties {
        Penalties(
            byParameter: parts.mapValues {
                QuadraticPenalty(precision: $0.precision.pointer, center: $0.center.pointer)
            }, strength: Float(strength))
    }

    private func empty(like value: Tensor) -> (precision: Tensor, center: Tensor) {
        let part = (
            precision: Tensor(value.shape, backend: backend),
            center: Tensor(value.shape, backend: backend)
        )
        backend.zero(part.precision.pointer, value.count)
        backend.copy(value.pointer, to: part.center.pointer, value.count)
        return part
    }
}

extension QuadraticAnchor {
    var saved: SavedState {
        var state = SavedState()
        state.metadata["anchor"] = parts.keys.sorted().map { "\($0)" }.joined(separator: " ")
        for (index, part) in parts.sorted(by: { $0.key < $1.key }) {
            let name = parameters[index].name
            state.tensors.append(("anchor.precision.\(name)", part.precision))
            state.tensors.append(("anchor.center.\(name)", part.center))
        }
        return state
    }

    func restore(_ source: SavedSource) throws {
        parts = [:]
        for index in try source.places("anchor", among: parameters) {
            let part = empty(like: parameters[index].value)
            try source.read("anchor.precision.\(parameters[index].name)", into: part.precision)
            try source.read("anchor.center.\(parameters[index].name)", into: part.center)
            parts[index] = part
        }
    }
}
