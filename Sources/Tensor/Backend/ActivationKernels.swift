/// Elementwise functions, rotary embedding and cross-entropy.
package protocol ActivationKernels {
    /// y = silu(gate)·up.
    func swiGLU(_ gate: Floats, _ up: Floats, into y: Floats, _ count: Int)
    func swiGLUBackward(
        _ gate: Floats, _ up: Floats, dy: Floats, dGate: Floats, dUp: Floats, _ count: Int)
    /// y = x·Φ(x), Φ the normal distribution function (not the tanh approximation).
    func gelu(_ x: Floats, into y: Floats, _ count: Int)
    func geluBackward(_ x: Floats, dy: Floats, dx: Floats, _ count: Int)
    /// Turns every pair of x; backwards turns it back, which is the gradient.
    func rotary(
        _ x: Floats, into y: Floats, positions: [Int32], heads: Int, form: RotaryForm,
        backwards: Bool)
    /// losses[i] = −log softmax(logits[i])[targets[i]]. With weights, logits are overwritten with
    /// weights[i]·∂losses[i]; without, with something undefined.
    func crossEntropy(
        _ logits: Floats, classes: Int, targets: ArraySlice<Int32>, weights: ArraySlice<Float>?
    ) -> [Float]
}

/// How a rotary embedding pairs and turns (Su et al., 2104.09864).
package struct RotaryForm: Hashable, Sendable {
    package var headDimension: Int
    package var base: Float
    /// Pairs (2i, 2i+1), else (i, i + dimension/2).
    package var interleaved: Bool

    package init(headDimension: Int, base: Float, interleaved: Bool) {
        self.headDimension = headDimension
        self.base = base
        self.interleaved = interleaved
    }
}
