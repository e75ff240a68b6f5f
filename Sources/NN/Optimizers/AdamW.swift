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

/// Penalties of some parameters.
package struct Penalties {
    /// Quadratic ones, all with one strength.
    package var byParameter: [Int: QuadraticPenalty]
    package var strength: Float
    /// The gradients of others.
    package var gradients: [Int: Tensor] = [:]

    package init(byParameter: [Int: QuadraticPenalty] = [:], strength: Float = 0) {
        self.byParameter = byParameter
        self.strength = strength
    }
}

/// AdamW over task slots. Weight decay is not applied to parameters of rank 1 (norms, biases).
package final class AdamW {
    package let parameters: [Parameter]
    package let configuration: AdamWConfiguration
    private let backend: any Backend
    private var states: [State]

    private struct State {
        var first: Tensor
        var second: Tensor
        var updates = 0
    }

    private static let settledUpdates = 3

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

    /// One update with gradient `scale · Σₜ αₜgₜ`. Parameters whose gradients are all empty or have
    /// the coefficient 0 are skipped entirely (no decay, no moment update; each parameter counts its
    /// own updates): the head of a task that a step does not train must not drift.
    ///
    /// - Parameters:
    ///   - coefficients: α for parameter i, one for each of its slots; `nil`: all 1.
    ///   - penalties: their gradients are added after the scaling, so that clipping leaves them be.
    ///   - path: learns by how much each parameter's move lowers the loss.
    package func step(
        learningRate: Float, scale: Float, coefficients: (Int) -> [Double]? = { _ in nil },
        penalties: Penalties? = nil, path: PathIntegral? = nil
    ) {
        for (index, parameter) in parameters.enumerated() where parameter.isTrainable {
            let alpha = coefficients(index)
            let filled = parameter.gradients.enumerated().filter { slot, gradient in
                gradient != nil && alpha?[slot] != 0
            }
            if filled.isEmpty { continue }
            states[index].updates += 1
            let state = states[index]
            let slots = filled.compactMap { $0.element?.pointer }
            let added = penalties?.gradients[index].map { [$0.pointer] } ?? []
            var update = AdamWUpdate(
                value: parameter.value.pointer, first: state.first.pointer,
                second: state.second.pointer, slots: slots + added,
                scales: filled.map { slot, _ in scale * Float(alpha?[slot] ?? 1) }
                    + added.map { _ in 1 },
                count: parameter.value.count, learningRate: learningRate,
                weightDecay: parameter.value.shape.count > 1 ? configuration.weightDecay : 0,
                beta1: configuration.beta1, beta2: configuration.beta2,
                epsilon: configuration.epsilon,
                correction1: correction(configuration.beta1, state.updates),
                correction2: correction(configuration.beta2, state.updates))
            if let penalties, let penalty = penalties.byParameter[index] {
                update.penalty = penalty
                update.strength = penalties.strength
            }
            path?.willMove(index)
            backend.adamW(update)
            path?.moved(
                index, gradient: slots,
                scales: filled.map { slot, _ in Float(alpha?[slot] ?? 1) })
        }
    }

    /// Inner products of some parameters' gradients by slot, summed over those parameters:
    /// row-major `slots²`, 0 where a slot is empty. A parameter with one slot counts as slot 0.
    ///
    /// - Parameter preconditioned: also with Adam's diagonal between them; a parameter of fewer than
    ///   three updates is left out there: the diagonal of one gradient is nearly zero wherever that
    ///   one was, and the mean of its inverse has no bound.
    package func gramian(
        of indices: [Int], slots: Int, preconditioned: Bool = false
    ) -> GramianSweep {
        let zeros = [Double](repeating: 0, count: slots * slots)
        var sum = GramianSweep(plain: zeros, preconditioned: preconditioned ? zeros : [])
        for index in indices where parameters[index].isTrainable {
            let filled = parameters[index].gradients.enumerated().filter { $0.element != nil }
            let places = filled.map(\.offset)
            if places.isEmpty { continue }
            let state = states[index]
            let isScaled = preconditioned && state.updates >= Self.settledUpdates
            let part = backend.gramian(
                filled.compactMap { $0.element?.pointer }, parameters[index].value.count,
                preconditioner: isScaled
                    ? Preconditioner(
                        second: state.second.pointer,
                        correction: correction(configuration.beta2, state.updates),
                        epsilon: configuration.epsilon) : nil)
            for (row, i) in places.enumerated() {
                for (column, j) in places.enumerated() {
                    let place = row * places.count + column
                    sum.plain[i * slots + j] += part.plain[place]
                    if isScaled { sum.preconditioned[i * slots + j] += part.preconditioned[place] }
                }
            }
        }
        return sum
    }

    /// Forgets moments and update counts, as at the start.
    package func restart() {
        for index in states.indices {
            backend.zero(states[index].first.pointer, states[index].first.count)
            backend.zero(states[index].second.pointer, states[index].second.count)
            states[index].updates = 0
        }
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
