import CPUBackend
import Tensor
import Testing

@Suite struct CrossEntropyTests {
    private func random(_ seed: UInt64, _ count: Int) -> [Float] {
        var noise = Noise(seed)
        return noise.array(count).map { 3 * $0 }
    }

    @Test("The losses agree with double precision", arguments: [1, 7, 1000])
    func losses(classes: Int) {
        let values = random(1, 5 * classes)
        let targets = (0..<5).map { Int32($0 * 31 % classes) }
        let expected = Reference.crossEntropy(
            values.map(Double.init), classes: classes, targets: targets)
        for choice in BackendChoice.all {
            let backend = choice.make()
            let logits = Tensor(values, [5, classes], backend: backend)
            let tape = Tape(backend, recording: false)
            let losses = tape.crossEntropy(logits, targets: targets, weights: [])
            expectClose(losses, expected, tolerance: 1e-6, choice.testDescription)
        }
    }

    /// linearCrossEntropy is linear, then crossEntropy; both through an embedding of the same
    /// table, as a tied model does.
    private func tied(fused: Bool, slots: Int, rows n: Int, on backend: CPUBackend) -> Tied {
        let table = Parameter(
            name: "table", value: Tensor(random(2, 40 * 6), [40, 6], backend: backend))
        table.slots = slots
        let middle = n / 3
        let rows = RowSpace(
            count: n,
            spans: [TaskSpan(task: 0, rows: 0..<middle), TaskSpan(task: 2, rows: middle..<n)])
        let tape = Tape(backend, recording: true)
        let ids = (0..<Int32(n)).map { $0 * 7 % 40 }
        let x = tape.embedding(table, ids, rows: rows)
        let targets = ids.map { ($0 + 1) % 40 }
        let weights = random(3, n)
        let losses =
            fused
            ? tape.linearCrossEntropy(x, table, targets: targets, weights: weights)
            : tape.crossEntropy(tape.linear(x, table), targets: targets, weights: weights)
        tape.backward()
        return Tied(losses: losses, gradients: table.gradients.map { $0?.floats() })
    }

    private struct Tied: Equatable {
        var losses: [Float]
        var gradients: [[Float]?]
    }

    @Test("The fused loss equals the plain one, over chunks and slots", arguments: [2, 300, 700])
    func fused(rows: Int) throws {
        for choice in BackendChoice.all {
            let backend = choice.make()
            let fused = tied(fused: true, slots: 3, rows: rows, on: backend)
            let plain = tied(fused: false, slots: 3, rows: rows, on: backend)
            expectClose(fused.losses, plain.losses.map(Double.init), tolerance: 1e-6, "losses")
            #expect(fused.gradients[1] == nil)
            for (a, b) in zip(fused.gradients, plain.gradients) {
                #expect((a == nil) == (b == nil))
                // Sums of up to 700 products in another order.
                expectClose(a ?? [], (b ?? []).map(Double.init), tolerance: 1e-5, "gradient")
            }
        }
    }

    @Test("Task slots sum to the gradient of one slot")
    func slots() {
        let backend = CPUBackend(threads: 2)
        let split = tied(fused: true, slots: 3, rows: 300, on: backend)
        let whole = tied(fused: true, slots: 1, rows: 300, on: backend)
        let sum = zip(split.gradients[0] ?? [], split.gradients[2] ?? []).map { Double($0 + $1) }
        expectClose(whole.gradients[0] ?? [], sum, tolerance: 1e-5, "sum of slots")
    }

    @Test("One and two threads give the same bits")
    func threads() {
        let results = [1, 2].map {
            tied(fused: true, slots: 3, rows: 700, on: CPUBackend(threads: $0))
        }
        #expect(results[0] == results[1])
    }

    @Test("No rows give no losses and no gradient")
    func empty() {
        let result = tied(fused: true, slots: 1, rows: 0, on: CPUBackend(threads: 1))
        #expect(result.losses.isEmpty)
        #expect(result.gradients == [nil])
    }
}
