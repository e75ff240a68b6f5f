import CPUBackend
import Foundation
import Tensor
import Testing

/// Losses with a target for each column, against their definitions and central differences.
@Suite struct ColumnLossTests {
    private func reference(_ loss: ColumnLoss, _ x: [Double], _ t: [Double], columns: Int)
        -> [Double]
    {
        stride(from: 0, to: x.count, by: columns).map { start in
            (start..<start + columns).reduce(0) { sum, i in
                switch loss {
                case .sigmoidCrossEntropy:
                    let p = 1 / (1 + exp(-x[i]))
                    return sum - t[i] * log(p) - (1 - t[i]) * log(1 - p)
                case .squaredError: return sum + (x[i] - t[i]) * (x[i] - t[i])
                }
            }
        }
    }

    @Test("Losses and gradients agree with the definition", arguments: ColumnLoss.allCases)
    func agrees(loss: ColumnLoss) {
        for (rows, columns) in [(0, 3), (1, 1), (5, 7), (40, 33)] {
            var noise = Noise(4)
            let x = noise.array(rows * columns).map { 4 * $0 }
            let targets = noise.array(rows * columns).map { $0 > 0 ? Float(1) : 0.25 }
            let weights = noise.array(rows)
            let (wide, aims) = (x.map(Double.init), targets.map(Double.init))
            for choice in BackendChoice.all {
                let backend = choice.make()
                let table = Parameter(
                    name: "x", value: Tensor(x, [rows, columns], backend: backend))
                let tape = Tape(backend, recording: true)
                let inputs = tape.embedding(
                    table, (0..<Int32(rows)).map { $0 }, rows: RowSpace(count: rows))
                let losses = tape.columnLoss(loss, inputs, targets: targets, weights: weights)
                tape.backward()
                // float32 sums of up to 33 terms near 4.
                expectClose(
                    losses, reference(loss, wide, aims, columns: columns), tolerance: 1e-6, "loss")
                let expected = wide.indices.map { i in
                    let row = i / columns
                    let ends = [1e-5, -1e-5].map { step in
                        var moved = wide
                        moved[i] += step
                        return reference(loss, moved, aims, columns: columns)[row]
                    }
                    return Double(weights[row]) * (ends[0] - ends[1]) / 2e-5
                }
                let found = table.gradients[0]?.floats() ?? []
                expectClose(found, rows == 0 ? [] : expected, tolerance: 1e-5, "gradient")
            }
        }
    }

    @Test("A far logit neither overflows nor loses its loss", arguments: KernelLevel.available)
    func extremes(level: KernelLevel) {
        let backend = CPUBackend(threads: 1, level: level)
        let tape = Tape(backend, recording: false)
        let x = Tensor([200, -200, .nan], [3, 1], backend: backend)
        let losses = tape.columnLoss(.sigmoidCrossEntropy, x, targets: [0, 0, 0], weights: [])
        #expect(losses[0] == 200 && losses[1] < 1e-30 && losses[2].isNaN)
    }
}
