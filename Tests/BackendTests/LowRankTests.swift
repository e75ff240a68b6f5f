import CPUBackend
import Tensor
import Testing

extension OpCase {
    /// Five rows: two with one adapter, one with none, two with another that is a sum of two.
    static func lowRank() -> OpCase {
        let shapes = [[5, 7], [4, 7], [2, 7], [4, 2], [3, 7], [4, 3], [1, 7], [4, 1]]
        let spans = [
            AdapterSpan(adapter: "a", rows: 0..<2), AdapterSpan(adapter: "b", rows: 3..<5),
        ]
        return OpCase(name: "linear with two adapters", shapes: shapes) {
            let weight = $0.parameter(1)
            weight.adapters = [
                "a": [LowRankAdapter(a: $0.parameter(2), b: $0.parameter(3), scale: 2)],
                "b": [
                    LowRankAdapter(a: $0.parameter(4), b: $0.parameter(5), scale: 0.5),
                    LowRankAdapter(a: $0.parameter(6), b: $0.parameter(7), scale: 3),
                ],
            ]
            let rows = RowSpace(
                count: 5, spans: [TaskSpan(task: 0, rows: 0..<5)], adapters: spans)
            return $0.tape.linear(
                $0.tape.gather($0.tensor(0), [0, 1, 2, 3, 4], rows: rows), weight)
        } reference: { x in
            var y = Reference.linear(x[0], x[1], k: 7)
            let changes = [(0..<2, 2, 3, 2, 2.0), (3..<5, 4, 5, 3, 0.5), (3..<5, 6, 7, 1, 3)]
            for (rows, a, b, rank, scale) in changes {
                let own = Array(x[0][rows.lowerBound * 7..<rows.upperBound * 7])
                let inner = Reference.linear(own, x[a], k: 7)
                let change = Reference.linear(inner, x[b], k: rank)
                for (index, value) in change.enumerated() {
                    y[rows.lowerBound * 4 + index] += scale * value
                }
            }
            return y
        }
    }
}

@Suite struct LowRankTests {
    private let backend = CPUBackend(threads: 1)

    private func parameter(_ seed: UInt64, _ shape: [Int]) -> Parameter {
        var noise = Noise(seed)
        let values = noise.array(shape.reduce(1, *))
        return Parameter(name: "p", value: Tensor(values, shape, backend: backend))
    }

    @Test("An adapter's gradients are split by task where an adapter serves two tasks")
    func tasks() {
        func gradients(only: Int?) -> [[Float]?] {
            let weight = parameter(1, [4, 6])
            weight.isTrainable = false
            let adapter = LowRankAdapter(
                a: parameter(2, [2, 6]), b: parameter(3, [4, 2]), scale: 2)
            weight.adapters["x"] = [adapter]
            for part in [adapter.a, adapter.b] { part.slots = 2 }
            let table = parameter(4, [5, 6])
            let rows = RowSpace(
                count: 5,
                spans: [TaskSpan(task: 0, rows: 0..<2), TaskSpan(task: 1, rows: 2..<5)],
                adapters: [AdapterSpan(adapter: "x", rows: 1..<4)])
            let tape = Tape(backend, recording: true)
            let y = tape.linear(tape.embedding(table, [0, 1, 2, 3, 4], rows: rows), weight)
            var noise = Noise(9)
            var seed = noise.array(20)
            for row in 0..<5 where only != nil && (row < 2 ? 0 : 1) != only {
                for i in 0..<4 { seed[row * 4 + i] = 0 }
            }
            tape.seed(y, gradient: seed)
            tape.backward()
            #expect(weight.gradients.allSatisfy { $0 == nil })
            return [adapter.a, adapter.b].flatMap { $0.gradients.map { $0?.floats() } }
        }
        let both = gradients(only: nil)
        for task in 0..<2 {
            let alone = gradients(only: task)
            for part in 0..<2 {
                expectClose(
                    both[2 * part + task] ?? [],
                    (alone[2 * part + task] ?? []).map(Double.init), tolerance: 1e-6, "\(task)")
            }
        }
    }

    @Test("Merging is the same as running beside, and unmerging takes it back")
    func merging() {
        let weight = parameter(1, [4, 6])
        let before = weight.value.floats()
        let adapter = LowRankAdapter(a: parameter(2, [2, 6]), b: parameter(3, [4, 2]), scale: 2)
        weight.adapters["x"] = [adapter]
        let rows = RowSpace(
            count: 3, spans: [TaskSpan(task: 0, rows: 0..<3)],
            adapters: [AdapterSpan(adapter: "x", rows: 0..<3)])
        let x = Tensor([3, 6], rows: rows, backend: backend)
        for (i, value) in parameter(4, [3, 6]).value.floats().enumerated() { x.pointer[i] = value }
        let tape = Tape(backend, recording: false)
        let beside = tape.linear(x, weight).floats()
        weight.adapters = [:]
        adapter.merge(into: weight, factor: 1)
        expectClose(
            tape.linear(x, weight).floats(), beside.map(Double.init), tolerance: 1e-6, "merged")
        adapter.merge(into: weight, factor: -1)
        expectClose(weight.value.floats(), before.map(Double.init), tolerance: 1e-6, "unmerged")
    }
}
