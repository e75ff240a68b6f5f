import Glibc
import Spec
import Testing

@testable import Multitask

private func gradNorm(
    tasks: Int = 2, alpha: Double = 1.5, learningRate: Double = 0.025, warmup: Double = 1
) throws -> any WeightingMethod {
    try Multitask.weighting(
        MethodSpec(
            "gradnorm",
            ["alpha": alpha, "learning_rate": learningRate, "warmup_steps": warmup]),
        tasks: (0..<tasks).map { "task\($0)" })
}

@Suite struct GradNormTests {
    /// Fixed points w ∝ r_i / g_i at α = 1. Adam chatters about the minimum of an absolute value
    /// with an amplitude of a few learning rates (1e-4), hence the tolerance of 5e-3.
    @Test(
        "Frozen norms and rates lead the weights to the known fixed point",
        arguments: [
            ([10.0, 1], [1.2, 0.8], [0.261, 1.739]),
            ([3.0, 2, 1], [1.5, 0.9, 0.6], [0.968, 0.871, 1.161]),
        ])
    func fixedPoint(norms: [Double], rates: [Double], expected: [Double]) throws {
        var method = try gradNorm(tasks: norms.count, alpha: 1, learningRate: 1e-4)
        method.observe(.init(losses: rates.map { _ in 1 }, norms: norms))
        for _ in 0..<40_000 { method.observe(.init(losses: rates, norms: norms)) }
        for (weight, want) in zip(method.weights, expected) {
            #expect(abs(weight - want) < 5e-3)
        }
    }

    @Test("Three steps equal the same steps computed by hand")
    func byHand() throws {
        var method = try gradNorm(alpha: 1, learningRate: 0.1)
        method.observe(.init(losses: [2, 4], norms: [1, 1]))
        #expect(method.weights == [1, 1])

        // L̃ = (0.5, 1), r = (2/3, 4/3), G = (3, 1), Ḡ = 2, targets (4/3, 8/3): signs (+, −),
        // gradients (3, −1); Adam's first step moves each by 0.1: (0.9, 1.1), sum 2 already.
        method.observe(.init(losses: [1, 4], norms: [3, 1]))
        #expect(abs(method.weights[0] - 0.9) < 1e-8)
        #expect(abs(method.weights[1] - 1.1) < 1e-8)

        // L̃ = (1, 0.5): r = (4/3, 2/3); G = (1.8, 2.2), Ḡ = 2, targets (8/3, 4/3): signs
        // (−, +), gradients (−2, 2). m₁ = .9·.3 − .2 = .07, v₁ = .999·.009 + .004 = .012991;
        // m₂ = .9·(−.1) + .2 = .11, v₂ = .999·.001 + .004 = .004999; corrections .19, .001999.
        method.observe(.init(losses: [2, 2], norms: [2, 2]))
        let first = 0.9 - 0.1 * (0.07 / 0.19) / (0.012991 / 0.001999).squareRoot()
        let second = 1.1 - 0.1 * (0.11 / 0.19) / (0.004999 / 0.001999).squareRoot()
        let scale = 2 / (first + second)
        #expect(abs(method.weights[0] - first * scale) < 1e-7)
        #expect(abs(method.weights[1] - second * scale) < 1e-7)
    }

    @Test("The initial loss is the mean over the warm-up steps, and weights rest until then")
    func warmup() throws {
        var averaged = try gradNorm(warmup: 3)
        for loss in [1.0, 2, 6] { averaged.observe(.init(losses: [loss, loss], norms: [5, 1])) }
        #expect(averaged.weights == [1, 1])
        var single = try gradNorm(warmup: 1)
        single.observe(.init(losses: [3, 3], norms: [5, 1]))
        averaged.observe(.init(losses: [1, 2], norms: [4, 3]))
        single.observe(.init(losses: [1, 2], norms: [4, 3]))
        #expect(averaged.weights == single.weights)
        #expect(averaged.weights != [1, 1])
    }

    @Test("An absent task keeps its weight, and the others share what they had")
    func absentTask() throws {
        var method = try gradNorm(tasks: 3)
        method.observe(.init(losses: [1, 1, 1], norms: [1, 1, 1]))
        method.observe(.init(losses: [1, 2, 1], norms: [9, 1, 2]))
        let before = method.weights
        method.observe(.init(losses: [1, nil, 2], norms: [9, nil, 1]))
        #expect(method.weights[1] == before[1])
        #expect(method.weights[0] < before[0])
        #expect(abs(method.weights.reduce(0, +) - 3) < 1e-12)
        let pair = method.weights
        method.observe(.init(losses: [nil, nil, 2], norms: [nil, nil, 1]))
        #expect(method.weights == pair)
    }

    @Test("No weight falls below its floor, and the sum stays T")
    func floor() throws {
        var method = try gradNorm(alpha: 0, learningRate: 0.5)
        for _ in 0..<50 { method.observe(.init(losses: [1, 1], norms: [1e9, 1e-9])) }
        #expect(method.weights[0] == 1e-3)
        #expect(abs(method.weights[1] - 1.999) < 1e-12)
    }

    @Test("A restored state goes on exactly where the saved one was")
    func resume() throws {
        var straight = try gradNorm(warmup: 4)
        var first = straight
        func step(_ index: Int) -> WeightingObservation {
            let wave = sin(Double(index))
            return .init(
                losses: [2 + wave, index % 3 == 0 ? nil : 1], norms: [1 + wave * wave, 0.3])
        }
        for index in 0..<40 { straight.observe(step(index)) }
        for index in 0..<17 { first.observe(step(index)) }
        var second = try gradNorm(warmup: 4)
        try second.restore(first.state)
        for index in 17..<40 { second.observe(step(index)) }
        #expect(second.weights == straight.weights)
        #expect(second.state == straight.state)
        #expect(throws: MultitaskError.self) { try second.restore(["weights": [1]]) }
    }
}
