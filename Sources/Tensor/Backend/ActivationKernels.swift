/// Elementwise functions, rotary embedding and cross-entropy.
package protocol ActivationKernels {
    /// y = silu(gate)·up.
    func swiGLU(_ gate: Floats, _ up: Floats, into y: Floats, _ count: Int)
    func swiGLUBackward(
        _ gate: Floats, _ up: Floats, dy: Floats, dGate: Floats, dUp: Floats, _ count: Int)
    func activate(_ x: Floats, _ function: Activation, into y: Floats, _ count: Int)
    func activateBackward(
        _ x: Floats, _ function: Activation, dy: Floats, dx: Floats, _ count: Int)
    /// Turns every pair of x; backwards turns it back, which is the gradient.
    func rotary(
        _ x: Floats, into y: Floats, positions: [Int32], heads: Int, form: RotaryForm,
        backwards: Bool)
    /// losses[i] = −log softmax(logits[i])[targets[i]]. With weights, logits are overwritten with
    /// weights[i]·∂losses[i]; without, with something undefined.
    func crossEntropy(
        _ logits: Floats, classes: Int, targets: ArraySlice<Int32>, weights: ArraySlice<Float>?
    ) -> [Float]
    /// Like `crossEntropy`, with `columns` targets a row: the sum over them of another loss.
    func columnLoss(
        _ loss: ColumnLoss, _ x: Floats, columns: Int, targets: [Float], weights: [Float]?
    ) -> [Float]
}

/// A function of one variable.
package enum Activation: String, Sendable, CaseIterable {
    /// x·Φ(x), Φ the normal distribution function (1606.08415), as in BERT.
    case gelu
    /// The same with tanh in place of the distribution function, as in GPT-2.
    case geluTanh
    case relu
    case tanh
}

/// A loss that sums over the columns of a row.
package enum ColumnLoss: Sendable, CaseIterable {
    /// Cross-entropy of σ(x) against a target in 0...1 for each column.
    case sigmoidCrossEntropy
    /// (x − target)².
    case squaredError
}

/// How a rotary embedding pairs and turns (Su et al., 2104.09864).
package struct RotaryForm: Hashable, Sendable {
    package var headDimension: Int
    package var base: Float
    /// Pairs (2i, 2i+1), else (i, i + dimension/2).
    package var interleaved: Bool
    package var scaling: RotaryScaling

    package init(
        headDimension: Int, base: Float, interleaved: Bool, scaling: RotaryScaling = .none
    ) {
        self.headDimension = headDimension
        self.base = base
        self.interleaved = interleaved
        self.scaling = scaling
    }
}

/// How a model that was trained on short texts turns slower to reach longer ones.
package enum RotaryScaling: Hashable, Sendable {
    case none
    /// Every frequency ÷ factor (2306.15595).
    case linear(factor: Double)
    /// Llama 3: frequencies whose wave is longer than `context`/`low` are divided by the factor,
    /// those shorter than `context`/`high` stay, between the two it is interpolated.
    case llama3(factor: Double, low: Double, high: Double, context: Double)

    package func scaled(_ frequency: Double) -> Double {
        switch self {
        case .none: return frequency
        case .linear(let factor): return frequency / factor
        case .llama3(let factor, let low, let high, let context):
            let turns = context * frequency / (2 * .pi)
            if turns < low { return frequency / factor }
            if turns > high { return frequency }
            let share = (turns - low) / (high - low)
            return (1 - share) * frequency / factor + share * frequency
        }
    }
}
