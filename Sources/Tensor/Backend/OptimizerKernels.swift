/// Sweeps over whole parameters.
package protocol OptimizerKernels {
    /// Σᵢ (Σₛ slots[s][i])² in Float64, summed in an order that the count alone decides.
    func sumOfSquares(_ slots: [Floats], _ count: Int) -> Double
    /// Inner products of the slots, row-major `slots.count²`, in Float64 and in an order that the
    /// shape alone decides. Not finite where a slot is not.
    func gramian(_ slots: [Floats], _ count: Int, preconditioner: Preconditioner?) -> GramianSweep
    func adamW(_ update: AdamWUpdate)
    /// sum += factor·φ(x).
    func addScores(
        _ x: Floats, factor: Float, _ form: ScoreForm, into sum: Floats, _ count: Int)
    func addScores(_ product: ScoreProduct)
    /// sum += (before − after)·Σ scales[s]·slots[s], value by value: by how much a step lowered the
    /// loss, to first order.
    func addDescent(
        from before: Floats, to after: Floats, gradient slots: [Floats], scales: [Float],
        into sum: Floats, _ count: Int)
    /// ½·decay·penalty + ½·added·(θ − value)² as one quadratic again, up to a constant.
    func join(_ penalty: QuadraticPenalty, decay: Float, added: Floats, value: Floats, _ count: Int)
}

/// The diagonal that Adam multiplies gradients with: 1/(√(second/correction) + ε).
package struct Preconditioner {
    package var second: Floats
    package var correction: Float, epsilon: Float

    package init(second: Floats, correction: Float, epsilon: Float) {
        (self.second, self.correction, self.epsilon) = (second, correction, epsilon)
    }
}

/// φ: what is summed of a sample's gradient.
package enum ScoreForm: Sendable {
    case square
    case magnitude
}

/// sum `[m, n]` += factor · Σ φ(aₛᵀ·bₛ) over samples s, the product of each formed tile by tile
/// and never stored: the scores of a matrix whose gradient is a sum over rows.
package struct ScoreProduct {
    /// `[rows, m]` and `[rows, n]`.
    package var a: Floats, b: Floats
    package var m: Int, n: Int
    /// The rows of each sample.
    package var samples: [Range<Int>]
    package var sum: Floats
    package var factor: Float
    package var form: ScoreForm

    package init(
        _ a: Floats, _ b: Floats, m: Int, n: Int, samples: [Range<Int>], into sum: Floats,
        factor: Float, form: ScoreForm
    ) {
        (self.a, self.b, self.m, self.n) = (a, b, m, n)
        (self.samples, self.sum, self.factor, self.form) = (samples, sum, factor, form)
    }
}

/// What one sweep over several gradients of one parameter found.
package struct GramianSweep {
    /// gᵢ·gⱼ.
    package var plain: [Double]
    /// gᵢ·P·gⱼ; empty without a preconditioner.
    package var preconditioned: [Double]

    package init(plain: [Double], preconditioned: [Double]) {
        self.plain = plain
        self.preconditioned = preconditioned
    }
}

/// Σ ½·precision·(θ − center)², one precision and one center for each value.
package struct QuadraticPenalty {
    package var precision: Floats, center: Floats

    package init(precision: Floats, center: Floats) {
        (self.precision, self.center) = (precision, center)
    }
}

/// One AdamW step of one parameter (1711.05101, algorithm 2) with gradient
/// Σ scales[s]·slots[s] + strength·precision·(value − center).
package struct AdamWUpdate {
    package var value: Floats, first: Floats, second: Floats
    package var slots: [Floats]
    /// One for each slot.
    package var scales: [Float]
    package var count: Int
    package var penalty: QuadraticPenalty?
    package var strength: Float = 0
    package var learningRate: Float, weightDecay: Float
    package var beta1: Float, beta2: Float, epsilon: Float
    /// 1 − βᵗ.
    package var correction1: Float, correction2: Float

    package init(
        value: Floats, first: Floats, second: Floats, slots: [Floats], scales: [Float],
        count: Int, learningRate: Float, weightDecay: Float, beta1: Float, beta2: Float,
        epsilon: Float, correction1: Float, correction2: Float
    ) {
        (self.value, self.first, self.second) = (value, first, second)
        (self.slots, self.scales, self.count) = (slots, scales, count)
        (self.learningRate, self.weightDecay) = (learningRate, weightDecay)
        (self.beta1, self.beta2, self.epsilon) = (beta1, beta2, epsilon)
        (self.correction1, self.correction2) = (correction1, correction2)
    }
}
