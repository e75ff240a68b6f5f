import Foundation
import JSON
import Spec
import TestSupport
import Testing

@testable import Multitask

/// Every aggregation that TorchJD has too, on random and degenerate gradients:
/// `scripts/reference/aggregation.py` wrote the directions and says where the two differ and why. The
/// gradients are the same formula on both sides.
@Suite struct AggregationReferenceTests {
    static let cases = [
        "pair", "small against large", "four", "four in two dimensions", "five of mixed scales",
        "eight", "eight in three dimensions", "identical", "opposite", "one is zero", "tiny",
        "huge",
    ]

    private static func gradients(_ name: String, _ golden: JSON) throws -> [[Double]] {
        let tasks = try #require(golden["tasks"]?.integer.map { Int($0) })
        let width = try #require(golden["width"]?.integer.map { Int($0) })
        let scales = try #require(golden["exponents"]?.array).map { pow(10, $0.number ?? 0) }
        let values = SeededWeights.uniform(name, count: tasks * width).map { Double($0) }
        var rows = (0..<tasks).map { Array(values[$0 * width..<($0 + 1) * width]) }
        switch name {
        case "identical": rows = rows.map { _ in rows[0] }
        case "opposite": rows[1] = rows[0].map { -$0 }
        case "one is zero": rows[1] = rows[1].map { _ in 0 }
        default: break
        }
        return zip(rows, scales).map { row, scale in row.map { scale * $0 } }
    }

    @Test("Directions are those of TorchJD", arguments: cases)
    func directions(name: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = try Data(contentsOf: root.appendingPathComponent("Goldens/aggregation.json"))
        let golden = try #require(try JSON.parse(file)[name])
        let rows = try Self.gradients(name, golden)
        let largest = rows.map { $0.map(abs).max() ?? 0 }.max() ?? 0
        for known in try #require(golden["directions"]?.array) {
            let method = try #require(known["method"]?.string)
            let expected = try #require(known["direction"]?.array).compactMap(\.number)
            let parameters = known["parameters"]?["c"]?.number.map { ["c": $0] } ?? [:]
            let direction = try aggregate(method, rows, parameters)
            // TorchJD's conic solver (CAGrad) stops at 1e-6 or so, its Frank–Wolfe earlier; both are
            // the worse the flatter the hull. The others are closed forms or exact active sets.
            let tolerance = method == "cagrad" ? 2e-4 : method == "mgda" ? 1e-3 : 1e-6
            // Where gradients cancel, what is left is rounding.
            let size = max(
                method == "mgda" ? largest : 1e-9 * largest, expected.map(abs).max() ?? 0)
            for (value, want) in zip(direction, expected) {
                #expect(abs(value - want) <= tolerance * size, "\(method): \(direction)")
            }
        }
    }
}
