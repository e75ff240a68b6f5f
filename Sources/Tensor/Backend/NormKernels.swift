/// Normalisations of rows. `x`, `y` `[rows, width]`; gain and bias `[width]`.
package protocol NormKernels {
    func rmsNorm(
        _ x: Floats, gain: Floats, into y: Floats, rows: Int, width: Int, epsilon: Float)
    func layerNorm(
        _ x: Floats, gain: Floats, bias: Floats, into y: Floats, rows: Int, width: Int,
        epsilon: Float)
    func rmsNormBackward(_ gradient: NormGradient)
    func layerNormBackward(_ gradient: NormGradient)
}

/// A memory area that is added to or overwritten.
package struct Target {
    package var pointer: Floats
    package var adds: Bool

    package init(_ pointer: Floats, adds: Bool) {
        self.pointer = pointer
        self.adds = adds
    }
}

/// The gradient of a normalisation over some rows. Targets that are nil are not computed.
package struct NormGradient {
    package var x: Floats, gain: Floats, dy: Floats
    package var dx: Target?, dGain: Target?, dBias: Target?
    package var rows: Int, width: Int
    package var epsilon: Float

    package init(
        x: Floats, gain: Floats, dy: Floats, dx: Target?, dGain: Target?, dBias: Target? = nil,
        rows: Int, width: Int, epsilon: Float
    ) {
        (self.x, self.gain, self.dy) = (x, gain, dy)
        (self.dx, self.dGain, self.dBias) = (dx, dGain, dBias)
        (self.rows, self.width, self.epsilon) = (rows, width, epsilon)
    }
}
