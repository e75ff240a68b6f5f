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
    /// `torch.optim.Adam(lr=0.025, weight_decay=0.01)`, float64; weights 3·(z/ℓ)/Σ(z/ℓ).
    @Test("Weights are those of the algorithm in PyTorch")
    func golden() throws {
        let expected = [
            [0.4480301624330705, 0.856365713381499, 1.6956041241854307],
            [0.43322845194241044, 0.7471242824175834, 1.8196472656400062],
            [0.4164457856862728, 1.0443515998917074, 1.5392026144220199],
            [0.4061564893855274, 0.6619529813942108, 1.931890529220262],
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
        let before = method.weights
        method.observe(.init(losses: [nil, nil, nil], lossesAfter: [nil, nil, nil]))
        #expect(method.weights == before)
    }
}
