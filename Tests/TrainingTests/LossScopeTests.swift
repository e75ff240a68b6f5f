import Testing

@testable import Training

@Suite struct LossScopeTests {
    @Test("In the scope step every row counts the same")
    func step() {
        #expect(LossScope.step.rowWeights(tasks: [0, 0, 0, 1]) == [0.25, 0.25, 0.25, 0.25])
    }

    @Test("In the scope task each task's mean counts its weight, whatever its rows")
    func task() {
        let scope = LossScope.task(weights: [0.5, 1.5])
        let expected = [0.25, 0.25, 0.375, 0.375, 0.375, 0.375]
        #expect(scope.rowWeights(tasks: [0, 0, 1, 1, 1, 1]) == expected)
        // Row losses 2, 4 | 1, 1, 1, 5: means 3 and 2, hence ½·3 + 3/2·2 = 4.5.
        let losses = [2.0, 4, 1, 1, 1, 5]
        let weights = scope.rowWeights(tasks: [0, 0, 1, 1, 1, 1])
        #expect(zip(weights, losses).reduce(0) { $0 + $1.0 * $1.1 } == 4.5)
        // The scope step of the same rows: 14 / 6.
        let plain = LossScope.step.rowWeights(tasks: [0, 0, 1, 1, 1, 1])
        #expect(abs(zip(plain, losses).reduce(0) { $0 + $1.0 * $1.1 } - 14.0 / 6) < 1e-12)
    }
}
