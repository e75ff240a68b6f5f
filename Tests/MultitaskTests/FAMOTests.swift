import Glibc
import Spec
import Testing

@testable import Multitask

private func famo(_ tasks: Int, seed: UInt64 = 1) throws -> any WeightingMethod {
    try Multitask.weighting(
        MethodSpec("famo"), tasks: (0..<tasks).map { "t\($0)" }, seed: seed)
}

@Suite struct FAMOTests {
    private static let steps: [(before: [Double], after: [Double])] = [
        ([2.0, 1.0, 0.5], [1.8, 0.99, 0.5]), ([1.9, 1.1, 0.4], [1.6, 1.0, 0.42]),
        ([1.7, 0.9, 0.6], [1.65, 0.7, 0.5]), ([1.5, 0.8, 0.3], [1.2, 0.79, 0.29]),
    ]

    /// PyTorch 2.15: the algorithm with `torch.autograd.grad` of softmax(ξ) along Δ and
    /// `torch.optim.Adam(lr=0.025, weight_decay=0.01)`, float64; weights
    /// 3·(z/ℓ)/Σ(z/ℓ), ℓ the geometric mean of the losses after each step so far (NumPy, from that z).
    @Test("Weights are those of the algorithm in PyTorch")
    func golden() throws {
        let expected = [
            [0.44803016243307053, 0.856365713381499, 1.6956041241854305],
            [0.4334357893171546, 0.796818325322418, 1.769745885360427],
            [0.4278027194074747, 0.8646897297502779, 1.7075075508422475],
            [0.41783671870399564, 0.8053979716560576, 1.7767653096399472],
        ]
        var method = try famo(3)
        #expect(method.weights == [1, 1, 1])
        for (step, want) in zip(Self.steps, expected) {
            method.observe(.init(losses: step.before, lossesAfter: step.after))
            for (weight, value) in zip(method.weights, want) {
                #expect(abs(weight - value) < 1e-12)
            }
        }
    }

    /// With equal relative gains z stays even, and the weights are 1/ℓ alone.
    @Test("Equal relative gains leave z even")
    func even() throws {
        var method = try famo(2)
        method.observe(.init(losses: [4, 1], lossesAfter: [2, 0.5]))
        #expect(abs(method.weights[0] - 0.4) < 1e-12 && abs(method.weights[1] - 1.6) < 1e-12)
    }

    @Test("Absent tasks keep their place; one that was never seen weighs 1")
    func absent() throws {
        var method = try famo(3)
        method.observe(.init(losses: [2, nil, 1], lossesAfter: [1, nil, 1]))
        #expect(method.weights[1] == 1)
        #expect(abs(method.weights[0] + method.weights[2] - 2) < 1e-12)
        // Task 0 gained, so that it counts less than its loss alone says.
        #expect(method.weights[0] < method.weights[2])
        method.observe(.init(losses: [nil, 1, 1], lossesAfter: [nil, 1, 1]))
        #expect(abs(method.weights.reduce(0, +) - 3) < 1e-12)
        // A step of others leaves a task's weight what it was; a hundred are a stage without it.
        let shared = method.weights
        let others = WeightingObservation(losses: [nil, 1, 1], lossesAfter: [nil, 1, 1])
        method.observe(others)
        #expect(abs(method.weights[0] / shared[0] - 1) < 0.1)
        for _ in 0..<99 { method.observe(others) }
        #expect(abs(method.weights[1] + method.weights[2] - 2) < 1e-12)
        let before = method.weights
        method.observe(.init(losses: [nil, nil, nil], lossesAfter: [nil, nil, nil]))
        #expect(method.weights == before)
    }

    /// Losses of few rows scatter; weights must follow the task, not the last draw.
    @Test("One odd batch hardly moves the weights")
    func noise() throws {
        var method = try famo(2)
        for _ in 0..<50 { method.observe(.init(losses: [1, 1], lossesAfter: [1, 1])) }
        method.observe(.init(losses: [8, 1], lossesAfter: [8, 1]))
        // ln 8 enters with a tenth: 8^0.1 = 1.23 instead of 8.
        #expect(abs(method.weights[1] / method.weights[0] - pow(8, 0.1)) < 1e-9)
    }
}
