/// Sweeps over whole parameters.
package protocol OptimizerKernels {
    /// Σᵢ (Σₛ slots[s][i])² in Float64, summed in an order that the count alone decides.
    func sumOfSquares(_ slots: [Floats], _ count: Int) -> Double
    func adamW(_ update: AdamWUpdate)
}

/// One AdamW step of one parameter (1711.05101, algorithm 2) with gradient `scale·Σ slots`.
package struct AdamWUpdate {
    package var value: Floats, first: Floats, second: Floats
    package var slots: [Floats]
    package var count: Int
    package var scale: Float, learningRate: Float, weightDecay: Float
    package var beta1: Float, beta2: Float, epsilon: Float
    /// 1 − βᵗ.
    package var correction1: Float, correction2: Float

    package init(
        value: Floats, first: Floats, second: Floats, slots: [Floats], count: Int, scale: Float,
        learningRate: Float, weightDecay: Float, beta1: Float, beta2: Float, epsilon: Float,
        correction1: Float, correction2: Float
    ) {
        (self.value, self.first, self.second) = (value, first, second)
        (self.slots, self.count, self.scale) = (slots, count, scale)
        (self.learningRate, self.weightDecay) = (learningRate, weightDecay)
        (self.beta1, self.beta2, self.epsilon) = (beta1, beta2, epsilon)
        (self.correction1, self.correction2) = (correction1, correction2)
    }
}
