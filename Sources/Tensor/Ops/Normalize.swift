extension Tape {
    /// Rows of length 1: x / ‖x‖. A row of zeros stays zero.
    package func normalize(_ x: Tensor) -> Tensor {
        // x·g/√(mean x² + ε) with g = 1/√D is an RMS norm's very formula; ε keeps zeros finite.
        let gain = Parameter(
            name: "normalize", value: Tensor([x.width], backend: backend))
        gain.isTrainable = false
        gain.value.pointer.update(
            repeating: 1 / Float(max(x.width, 1)).squareRoot(), count: x.width)
        return rmsNorm(x, gain: gain, epsilon: 1e-24)
    }
}
