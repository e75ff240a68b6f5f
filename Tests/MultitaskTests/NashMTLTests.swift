import Spec
import Testing

@testable import Multitask

@Suite struct NashMTLTests {
    /// Two tasks whose gradients have the cosine c: α = (1/‖g₁‖, 1/‖g₂‖)/√(1 + c).
    @Test("Of two tasks the bargain is the closed form")
    func closedForm() throws {
        let gradients = [[-4.0, 1, 1], [6, 1, 1]]
        let cosine = -22 / (18.0 * 38).squareRoot()
        let alpha = try coefficients("nash_mtl", Gramian(rows: gradients))
        for (value, square) in zip(alpha, [18.0, 38]) {
            let want = 1 / (square * (1 + cosine)).squareRoot()
            // The regularisation is 1e-6 of a matrix whose smallest eigenvalue is 1 + c = 0.16.
            #expect(abs(value - want) < 1e-5 * want)
        }
    }

    @Test("Every task's share of the product of gains is one", arguments: UInt64(1)...20)
    func fixedPoint(seed: UInt64) throws {
        var generator = SeededGenerator(seed, 3)
        let tasks = 2 + Int(seed % 7)
        let gradients = (0..<tasks).map { task in
            (0..<24).map { _ in generator.normal() * (task == 0 ? 1e6 : 1) }
        }
        let gramian = Gramian(rows: gradients)
        let alpha = try coefficients("nash_mtl", gramian)
        for (value, product) in zip(alpha, gramian.times(alpha)) {
            #expect(value > 0 && abs(value * product - 1) < 1e-3)
        }
        #expect(abs(gramian.quadratic(alpha) - Double(tasks)) < 1e-3 * Double(tasks))
    }

    @Test("Opposite gradients leave nothing to agree on, and a zero one no say")
    func degenerate() throws {
        let opposite = try aggregate("nash_mtl", [[3, -4], [-3, 4]])
        #expect(opposite.allSatisfy { abs($0) < 1e-9 })
        let alpha = try coefficients("nash_mtl", Gramian(rows: [[0, 0], [0, 2]]))
        #expect(alpha[0] == 0 && abs(alpha[1] - 0.5) < 1e-5)
    }
}
