package import Tensor

/// What each parameter's steps did to the loss, to first order: ω = −Σ g·Δθ along the way, g the
/// gradient that a step follows before clipping (Zenke et al., 1703.04200, eq. 3). Three times the
/// parameters' memory, one of them only while a parameter moves.
package final class PathIntegral {
    private let parameters: [Parameter]
    private let backend: any Backend
    /// ω and θ at the start of the way, by parameter.
    package private(set) var parts: [(sum: Tensor, start: Tensor)]
    private var before: Tensor?

    /// Begins where the parameters are. Memory that was not there is the backend's `failure`.
    package init(_ parameters: [Parameter], backend: any Backend) {
        self.parameters = parameters
        self.backend = backend
        parts = parameters.map {
            (
                sum: Tensor($0.value.shape, backend: backend),
                start: Tensor($0.value.shape, backend: backend)
            )
        }
        restart()
    }

    /// Begins anew where the parameters are now.
    package func restart() {
        guard backend.failure == nil else { return }
        for (parameter, part) in zip(parameters, parts) {
            backend.zero(part.sum.pointer, part.sum.count)
            backend.copy(parameter.value.pointer, to: part.start.pointer, part.start.count)
        }
    }

    /// Ω = max(0, ω)/((θ − θ_start)² + damping), by parameter (eq. 5).
    package func importances(damping: Double) -> [Int: Tensor] {
        var found: [Int: Tensor] = [:]
        for (index, part) in parts.enumerated() {
            let importance = Tensor(part.sum.shape, backend: backend)
            guard backend.failure == nil else { return found }
            let (sum, start) = (part.sum.pointer, part.start.pointer)
            let (value, output) = (parameters[index].value.pointer, importance.pointer)
            for i in 0..<importance.count {
                let way = value[i] - start[i]
                output[i] = max(0, sum[i]) / (way * way + Float(damping))
            }
            found[index] = importance
        }
        return found
    }

    func willMove(_ index: Int) {
        let value = parameters[index].value
        let copy = Tensor(value.shape, backend: backend)
        guard backend.failure == nil else { return }
        backend.copy(value.pointer, to: copy.pointer, value.count)
        before = copy
    }

    /// - Parameter gradient: Σ scales[s]·slots[s].
    func moved(_ index: Int, gradient slots: [Floats], scales: [Float]) {
        guard let before else { return }
        let value = parameters[index].value
        backend.addDescent(
            from: before.pointer, to: value.pointer, gradient: slots, scales: scales,
            into: parts[index].sum.pointer, value.count)
        self.before = nil
    }
}
