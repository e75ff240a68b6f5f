import CPUBackend
import Tensor
import Testing

/// Sums of φ(gradient of a sample) against one backward pass for each sample.
@Suite struct SampleScoreTests {
    private func naive(
        _ a: [Float], _ b: [Float], _ m: Int, _ n: Int, _ samples: [Range<Int>], _ form: ScoreForm
    ) -> [Double] {
        var sum = [Double](repeating: 0, count: m * n)
        for sample in samples {
            for i in 0..<m {
                for j in 0..<n {
                    let x = sample.reduce(0.0) {
                        $0 + Double(a[$1 * m + i]) * Double(b[$1 * n + j])
                    }
                    sum[i * n + j] += 0.5 * (form == .square ? x * x : abs(x))
                }
            }
        }
        return sum
    }

    /// Odd sizes, more than one tile either way, and a sample deeper than a panel.
    @Test(
        "Scores of products equal naive ones",
        arguments: [(5, 3, [4, 1]), (130, 200, [7, 0, 20, 1]), (9, 50, [400, 3])])
    func products(m: Int, n: Int, counts: [Int]) {
        var samples: [Range<Int>] = []
        for count in counts {
            let start = samples.last?.upperBound ?? 0
            samples.append(start..<start + count)
        }
        let rows = counts.reduce(0, +)
        var noise = Noise(7)
        let (a, b) = (noise.array(rows * m), noise.array(rows * n))
        for choice in BackendChoice.all {
            let backend = choice.make()
            let (left, right) = (
                Tensor(a, [rows, m], backend: backend), Tensor(b, [rows, n], backend: backend)
            )
            for form in [ScoreForm.square, .magnitude] {
                let sum = Tensor([Float](repeating: 1, count: m * n), [m, n], backend: backend)
                backend.addScores(
                    ScoreProduct(
                        left.pointer, right.pointer, m: m, n: n, samples: samples,
                        into: sum.pointer, factor: 0.5, form: form))
                let expected = naive(a, b, m, n, samples, form).map { 1 + $0 }
                expectClose(
                    sum.floats(), expected, tolerance: 1e-5, "\(choice) \(m) × \(n) \(form)")
            }
        }
    }

    /// A table read as an embedding and used as the output matrix: the two parts of a sample's
    /// gradient are added before φ. A token may repeat in a sample.
    @Test(
        "A tied table is scored by the sum over its uses",
        arguments: [ScoreForm.square, .magnitude])
    func tied(form: ScoreForm) {
        let backend = CPUBackend(threads: 2)
        var noise = Noise(5)
        let values = noise.array(30 * 6)
        let ids: [Int32] = [1, 2, 1, 9, 4, 4, 4, 8, 2, 2]
        let targets: [Int32] = [2, 1, 3, 9, 4, 5, 8, 2, 7, 0]
        let ranges = [0..<4, 4..<7, 7..<10]
        func table(_ slots: Int) -> Parameter {
            let table = Parameter(name: "t", value: Tensor(values, [30, 6], backend: backend))
            table.slots = slots
            return table
        }
        func run(_ table: Parameter) {
            let rows = RowSpace(
                count: 10, spans: ranges.enumerated().map { TaskSpan(task: $0, rows: $1) })
            let tape = Tape(backend, recording: true)
            let x = tape.embedding(table, ids, rows: rows)
            _ = tape.linearCrossEntropy(
                x, table, targets: targets, weights: [Float](repeating: 0.7, count: 10))
            tape.backward()
        }
        let split = table(3)
        run(split)
        var expected = [Double](repeating: 0, count: 180)
        for gradient in split.gradients {
            for (place, g) in (gradient?.floats() ?? []).enumerated() {
                expected[place] += 0.25 * Double(form == .square ? g * g : abs(g))
            }
        }
        let scored = table(1)
        let sum = Tensor([Float](repeating: 0, count: 180), [30, 6], backend: backend)
        let scores = SampleScores(sum, form, factor: 0.25)
        scored.scores = scores
        run(scored)
        scores.finish()
        expectClose(sum.floats(), expected, tolerance: 1e-5, "tied")
        #expect(scored.gradients[0] == nil)
    }
}
