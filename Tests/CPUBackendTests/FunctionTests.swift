import CPUBackend
import Foundation
import Tensor
import Testing

/// The vectorised functions over their whole range, on every kernel level.
@Suite struct FunctionTests {
    private static let inputs: [Float] = (-1000...1000).map { Float($0) * 0.1 } + [0, -0, 1e-20]

    private func apply(
        _ op: (Tape, Tensor) -> Tensor, _ x: [Float], _ level: KernelLevel
    ) -> [Float] {
        let backend = CPUBackend(threads: 1, level: level)
        return op(Tape(backend, recording: false), Tensor(x, [1, x.count], backend: backend))
            .floats()
    }

    @Test("SiLU and GELU hold from −100 to 100", arguments: KernelLevel.available)
    func activations(level: KernelLevel) {
        let ones = [Float](repeating: 1, count: Self.inputs.count)
        let silu = apply(
            { $0.swiGLU($1, Tensor(ones, [1, ones.count], backend: $0.backend)) }, Self.inputs,
            level)
        let gelu = apply({ $0.activate($1, .gelu) }, Self.inputs, level)
        for (i, x) in Self.inputs.map(Double.init).enumerated() {
            // A few units in the last place, and 2e-7·|x| for the approximation of Φ.
            #expect(abs(Double(silu[i]) - x / (1 + exp(-x))) <= 1e-6 * max(1, abs(x)))
            let expected = 0.5 * x * erfc(-x / 2.0.squareRoot())
            #expect(abs(Double(gelu[i]) - expected) <= 1e-6 * max(1, abs(x)))
        }
    }

    @Test("Values that are not finite stay so", arguments: KernelLevel.available)
    func notFinite(level: KernelLevel) {
        let x: [Float] = [.nan, .infinity] + [Float](repeating: 1, count: 30)
        let gelu = apply({ $0.activate($1, .gelu) }, x, level)
        #expect(gelu[0].isNaN && gelu[1] == .infinity && gelu[2].isFinite)
        let silu = apply({ $0.swiGLU($1, $1) }, x, level)
        #expect(silu[0].isNaN && silu[1] == .infinity && silu[2].isFinite)
    }

    @Test("Products of any few rows equal products of many", arguments: KernelLevel.available)
    func fewRows(level: KernelLevel) {
        let backend = CPUBackend(threads: 2, level: level)
        let (inputs, outputs) = (67, 1031)
        let values = { (n: Int) in (0..<n).map { Float(($0 * 7919) % 1009) / 1009 - 0.5 } }
        let weight = Parameter(
            name: "w", value: Tensor(values(outputs * inputs), [outputs, inputs], backend: backend))
        let tape = Tape(backend, recording: false)
        let many = tape.linear(Tensor(values(40 * inputs), [40, inputs], backend: backend), weight)
        for rows in [1, 2, 3, 5, 16, 17] {
            let x = Tensor(Array(values(rows * inputs)), [rows, inputs], backend: backend)
            let few = tape.linear(x, weight).floats()
            let worst = zip(few, many.floats()).reduce(0) { max($0, abs($1.0 - $1.1)) }
            // Sums of 67 products below ¼ in another order.
            #expect(worst < 1e-5, "\(rows) rows")
        }
    }
}
