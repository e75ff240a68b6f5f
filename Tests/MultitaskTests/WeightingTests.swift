import Glibc
import Spec
import Testing

@testable import Multitask

private func method(
    _ name: String, _ parameters: [String: Double] = [:], tasks: Int = 2, seed: UInt64 = 1
) throws -> any WeightingMethod {
    try Multitask.weighting(
        MethodSpec(name, parameters), tasks: (0..<tasks).map { "t\($0)" }, seed: seed)
}

@Suite struct WeightingTests {
    @Test("Uncertainty comes to rest where a weight is 1 / (2 L)")
    func uncertaintyRests() throws {
        var method = try method("uncertainty", ["learning_rate": 0.01])
        for _ in 0..<5_000 { method.observe(.init(losses: [2, 0.1])) }
        // Adam chatters within about one learning rate of s.
        #expect(abs(method.weights[0] - 0.25) < 0.02)
        #expect(abs(method.weights[1] - 5) < 0.2)
    }

    @Test("Uncertainty's first step moves s by its rate against the sign of 1/2 − L")
    func uncertaintyByHand() throws {
        var method = try method("uncertainty", ["learning_rate": 0.1], tasks: 3)
        method.observe(.init(losses: [2, 0.25, nil]))
        #expect(abs(method.weights[0] - exp(-0.1)) < 1e-7)
        #expect(abs(method.weights[1] - exp(0.1)) < 1e-7)
        #expect(method.weights[2] == 1)
    }

    @Test("DWA is uniform for two epochs, then K softmax of the ratios of epoch means")
    func dwaByHand() throws {
        var method = try method("dwa", ["temperature": 2])
        for losses in [[4.0, 1], [2.0, 3]] {
            method.observe(.init(losses: losses.map { $0 }))
        }
        method.epochEnded()
        #expect(method.weights == [1, 1])
        // Means 3 and 2; now 1.5 and 2: ratios 0.5 and 1.
        method.observe(.init(losses: [1.5, 2]))
        #expect(method.weights == [1, 1])
        method.epochEnded()
        let (a, b) = (exp(0.25), exp(0.5))
        #expect(abs(method.weights[0] - 2 * a / (a + b)) < 1e-12)
        #expect(abs(method.weights[1] - 2 * b / (a + b)) < 1e-12)
    }

    @Test("A task without rows in an epoch keeps its DWA weight")
    func dwaAbsent() throws {
        var method = try method("dwa", tasks: 3)
        for losses in [[1.0, 1, 1], [2, 1, 1]] {
            method.observe(.init(losses: losses.map { $0 }))
            method.epochEnded()
        }
        let before = method.weights
        method.observe(.init(losses: [1, nil, 3]))
        method.epochEnded()
        #expect(method.weights[1] == before[1])
        #expect(abs(method.weights.reduce(0, +) - 3) < 1e-12)
        #expect(method.weights[2] > method.weights[0])
    }

    @Test("Random weights sum to T, change at each step and follow from the seed")
    func random() throws {
        var first = try method("rlw", tasks: 4, seed: 3)
        var second = try method("rlw", tasks: 4, seed: 3)
        var last = first.weights
        for _ in 0..<20 {
            first.observe(.init(losses: []))
            second.observe(.init(losses: []))
            #expect(first.weights == second.weights && first.weights != last)
            #expect(abs(first.weights.reduce(0, +) - 4) < 1e-12)
            last = first.weights
        }
        #expect(try method("rlw", tasks: 4, seed: 4).weights != method("rlw", tasks: 4).weights)
    }

    @Test(
        "Every weighting with a state goes on exactly where it was saved",
        arguments: Multitask.catalogue.filter { $0.family == .weighting && !$0.takesTaskValues }
            .map(\.name))
    func resume(name: String) throws {
        var straight = try method(name, tasks: 3)
        var first = straight
        func step(_ index: Int, _ method: inout any WeightingMethod) {
            let wave = sin(Double(index))
            method.observe(
                .init(
                    losses: [2 + wave, index % 3 == 0 ? nil : 1, 0.5],
                    norms: [1 + wave * wave, 0.3, 2],
                    lossesAfter: [2, index % 3 == 0 ? nil : 0.9, 0.5 + wave / 9]))
            if index % 5 == 4 { method.epochEnded() }
        }
        for index in 0..<40 { step(index, &straight) }
        for index in 0..<17 { step(index, &first) }
        var second = try method(name, tasks: 3)
        try second.restore(first.state)
        for index in 17..<40 { step(index, &second) }
        #expect(second.weights == straight.weights)
        #expect(second.state == straight.state)
        if !straight.state.isEmpty {
            #expect(throws: MultitaskError.self) { try second.restore(["weights": [1]]) }
        }
    }
}
