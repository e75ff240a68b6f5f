// AdamW (Loshchilov and Hutter, 1711.05101, algorithm 2) over task slots: the sum of the slots is
// formed in registers, never stored.
package import Tensor

/// β₁, β₂ and ε are the defaults of 1412.6980, the decay that of the AdamW authors' code.
package struct AdamWConfiguration: Sendable {
    package var beta1: Float = 0.9
    package var beta2: Float = 0.999
    package var epsilon: Float = 1e-8
    package var weightDecay: Float = 0.01

    package init() {}
}

/// AdamW over task slots. Weight decay is not applied to parameters of rank 1 (norms, biases).
package final class AdamW {
    private let parameters: [Parameter]
    private let configuration: AdamWConfiguration
    private let backend: any Backend
    private var states: [State]

    private struct State {
        var first: Tensor
        var second: Tensor
        var updates = 0
    }

    /// Moments start at zero; they take twice the parameters' memory.
    package init(
        _ parameters: [Parameter], _ configuration: AdamWConfiguration, backend: any Backend
    ) {
        self.parameters = parameters
        self.configuration = configuration
        self.backend = backend
        states = parameters.map { parameter in
            let state = State(
                first: Tensor(parameter.value.shape, backend: backend),
                second: Tensor(parameter.value.shape, backend: backend))
            backend.zero(state.first.pointer, state.first.count)
            backend.zero(state.second.pointer, state.second.count)
            return state
        }
    }

    /// √ΣΣ(Σₜ gₜ)² over all parameters (slots summed); Float64 accumulation. Not finite when any
    /// gradient is not.
    package func gradientNorm() -> Double {
        var sum = 0.0
        for parameter in parameters {
            let slots = parameter.gradients.compactMap { $0?.pointer }
            sum += backend.sumOfSquares(slots, parameter.value.count)
        }
        return sum.squareRoot()
    }

    /// One update with gradient `scale · Σₜ gₜ`. Parameters whose gradients are all empty are
    /// skipped entirely (no decay, no moment update; each parameter counts its own updates).
    package func step(learningRate: Float, scale: Float) {
        for (index, parameter) in parameters.enumerated() where parameter.isTrainable {
            let slots = parameter.gradients.compactMap { $0?.pointer }
            if slots.isEmpty { continue }
            states[index].updates += 1
            update(parameter, states[index], slots, learningRate: learningRate, scale: scale)
        }
    }

    private func update(
        _ parameter: Parameter, _ state: State, _ slots: [Floats], learningRate: Float,
        scale: Float
    ) {
        let isMatrix = parameter.value.shape.count > 1
        backend.adamW(
            AdamWUpdate(
                value: parameter.value.pointer, first: state.first.pointer,
                second: state.second.pointer, slots: slots, count: parameter.value.count,
                scale: scale, learningRate: learningRate,
                weightDecay: isMatrix ? configuration.weightDecay : 0,
                beta1: configuration.beta1, beta2: configuration.beta2,
                epsilon: configuration.epsilon,
                correction1: correction(configuration.beta1, state.updates),
                correction2: correction(configuration.beta2, state.updates)))
    }

    /// 1 − βᵗ, in double precision: β₂ᵗ is close to 1 in the first updates.
    private func correction(_ beta: Float, _ updates: Int) -> Float {
        var (power, base, left) = (1.0, Double(beta), updates)
        while left > 0 {
            if left & 1 == 1 { power *= base }
            base *= base
            left >>= 1
        }
        return Float(1 - power)
    }

    /// First moment, second moment and update count of parameter i: for checkpoints.
    package func state(_ index: Int) -> (first: Tensor, second: Tensor, updates: Int) {
        (states[index].first, states[index].second, states[index].updates)
    }

    /// Restores a count; the moments are restored by writing into the tensors of `state`.
    package func setUpdates(_ index: Int, _ updates: Int) {
        states[index].updates = updates
    }
}
