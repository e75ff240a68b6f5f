import Spec
import Testing

@testable import Multitask

/// α of a method, checked to be finite.
func coefficients(
    _ method: String, _ gramian: Gramian, _ parameters: [String: Double] = [:], seed: UInt64 = 1
) throws -> [Double] {
    let aggregation = try Multitask.aggregation(
        MethodSpec(method, parameters), tasks: (0..<gramian.count).map { "t\($0)" })
    var generator = SeededGenerator(seed, 0)
    let alpha = aggregation.coefficients(gramian, using: &generator)
    let isFinite = alpha.allSatisfy { $0.isFinite }
    #expect(alpha.count == gramian.count && isFinite)
    return alpha
}

/// Σ αₜ gₜ for gradients given in full, one row a task.
func aggregate(
    _ method: String, _ gradients: [[Double]], _ parameters: [String: Double] = [:],
    seed: UInt64 = 1
) throws -> [Double] {
    let alpha = try coefficients(method, Gramian(rows: gradients), parameters, seed: seed)
    return gradients[0].indices.map { place in
        zip(alpha, gradients).reduce(0) { $0 + $1.0 * $1.1[place] }
    }
}

private struct Golden: Sendable, CustomTestStringConvertible {
    let method: String
    let matrix: String
    let expected: [Double]
    var parameters: [String: Double] = [:]
    var testDescription: String { "\(method) \(matrix)" }
}

/// Directions of TorchJD 0.18 (PyPI `torchjd`, float64), its default settings but for MGDA, whose
/// Frank–Wolfe steps ran until they stood still. Its UPGrad, DualProj (quadprog), CAGrad (cvxpy) and
/// ours solve the same problems by other algorithms.
@Suite struct AggregationGoldenTests {
    private static let matrices: [String: [[Double]]] = [
        "article": [[-4, 1, 1], [6, 1, 1]],
        "three": [[1, 2, -1, 0.5, 3], [-2, 1, 0.5, 1, -1], [0.5, -3, 1, -2, 0.25]],
        "dependent": [[1, 0, 2], [-1, 1, 0], [0, 1, 2], [2, 0, 4]],
        "scales": [[1e-3, 2e-3, 0], [-3, 1, 2], [20, -50, 10]],
    ]

    private static let goldens = [
        Golden(method: "sum", matrix: "article", expected: [2, 2, 2]),
        Golden(method: "mean", matrix: "article", expected: [1, 1, 1]),
        Golden(method: "mgda", matrix: "article", expected: [0, 1, 1]),
        Golden(method: "pcgrad", matrix: "article", expected: [0.5848, 3.8012, 3.8012]),
        Golden(
            method: "cagrad", matrix: "article", expected: [0.1835, 1.2041, 1.2041],
            parameters: ["c": 0.5]),
        Golden(method: "upgrad", matrix: "article", expected: [0.2929, 1.9004, 1.9004]),
        Golden(method: "dualproj", matrix: "article", expected: [0.5563, 1.1109, 1.1109]),
        Golden(method: "imtl_g", matrix: "article", expected: [0.0767, 1, 1]),
        Golden(method: "aligned_mtl", matrix: "article", expected: [0.2133, 0.9673, 0.9673]),
        Golden(
            method: "upgrad", matrix: "three",
            expected: [-1.009941, -0.071395, 0.68141, -0.280275, 1.265468]),
        Golden(
            method: "dualproj", matrix: "three",
            expected: [-0.304189, 0.068761, 0.201047, -0.097905, 0.681239]),
        Golden(
            method: "imtl_g", matrix: "three",
            expected: [-0.407974, -0.039734, 0.272583, -0.104694, 0.445801]),
        Golden(
            method: "aligned_mtl", matrix: "three",
            expected: [-0.353245, -0.027876, 0.243937, -0.109442, 0.483077]),
        Golden(
            method: "mgda", matrix: "three",
            expected: [-0.429892, -0.031972, 0.278087, -0.092987, 0.423071]),
        Golden(
            method: "cagrad", matrix: "three",
            expected: [-0.495632, -0.004654, 0.3181, -0.109816, 0.585517], parameters: ["c": 0.5]),
        Golden(
            method: "cagrad", matrix: "three",
            expected: [-0.429442, 0.032642, 0.272757, -0.098117, 0.618612], parameters: ["c": 0.4]),
        Golden(
            method: "upgrad", matrix: "dependent",
            expected: [0.175593, 0.874401, 2.099987]),
        Golden(
            method: "dualproj", matrix: "dependent",
            expected: [0.5, 0.5, 2.0]),
        Golden(
            method: "aligned_mtl", matrix: "dependent",
            expected: [-0.039633, 0.428145, 0.777024]),
        Golden(
            method: "mgda", matrix: "dependent",
            expected: [-0.333333, 0.666669, 0.666671]),
        Golden(
            method: "cagrad", matrix: "dependent",
            expected: [-0.25, 1.25, 2.0], parameters: ["c": 0.5]),
        Golden(
            method: "cagrad", matrix: "dependent",
            expected: [-0.1, 1.1, 2.0], parameters: ["c": 0.4]),
        Golden(
            method: "upgrad", matrix: "scales",
            expected: [-0.426086, -14.735213, 8.295711]),
        Golden(
            method: "dualproj", matrix: "scales",
            expected: [0.37384, -14.56828, 7.528773]),
        Golden(
            method: "imtl_g", matrix: "scales",
            expected: [0.000541, 0.000117, 0.001401]),
        Golden(
            method: "mgda", matrix: "scales",
            expected: [0.000811, 0.000516, 0.000959]),
        Golden(
            method: "cagrad", matrix: "scales",
            expected: [1.003909, -12.519354, 7.754141], parameters: ["c": 0.4]),
    ]

    @Test("Directions agree with an independent library", arguments: goldens)
    private func golden(_ golden: Golden) throws {
        let gradients = try #require(Self.matrices[golden.matrix])
        let direction = try aggregate(golden.method, gradients, golden.parameters)
        // The library's own vectors are given to 1e-4 of numbers of order 1.
        let scale = max(1, golden.expected.map(abs).max() ?? 1)
        for (value, want) in zip(direction, golden.expected) {
            #expect(abs(value - want) < 1e-4 * scale, "\(direction)")
        }
    }
}
