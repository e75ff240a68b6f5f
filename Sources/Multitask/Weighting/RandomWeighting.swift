import Glibc
package import Spec

/// Random loss weighting (Lin et al., 2111.10603, eq. 3): w = T·softmax(z), z ~ N(0, 1) drawn anew
/// at each step. A control: a method that cannot beat it has not shown that its weights matter.
///
/// Deviation: scaled to Σw = T instead of 1, so that learning rates compare with the other
/// weightings. No parameters; the draws follow from the run's seed.
package struct RandomWeighting: WeightingMethod {
    package static let descriptor = MethodDescriptor(
        family: .weighting, name: "rlw", paper: "arXiv:2111.10603",
        equation: "w = T softmax(z), z ~ N(0, 1) at each step",
        summary: "Random weights at each step: the control that other weightings must beat.",
        tasksMin: 2)

    package private(set) var weights: [Double]
    private let seed: UInt64
    private var steps = 0.0

    package init(_ settings: MethodSettings) {
        seed = settings.seed
        weights = settings.tasks.map { _ in 1 }
        draw()
    }

    package mutating func observe(_ step: WeightingObservation) {
        steps += 1
        draw()
    }

    private mutating func draw() {
        var generator = SeededGenerator(seed, UInt64(steps))
        let powers = weights.map { _ in exp(generator.normal()) }
        let total = powers.reduce(0, +)
        weights = powers.map { Double(powers.count) * $0 / total }
    }

    package var state: [String: [Double]] { ["steps": [steps]] }

    package mutating func restore(_ state: [String: [Double]]) throws(MultitaskError) {
        try checkState(state, like: self.state, of: Self.descriptor)
        steps = min(max(0, state["steps"]?.first ?? steps), 1e15)
        draw()
    }
}
