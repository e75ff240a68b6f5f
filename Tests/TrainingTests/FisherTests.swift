import CPUBackend
import Models
import Multitask
import Tensor
import Testing

@testable import Training

@Suite struct FisherTests {
    private let run: TinyRun
    private let model: Model
    private let runner: StepRunner
    private let rows: [Example]

    init() throws {
        run = try TinyRun()
        model = try run.model()
        runner = run.runner(model, labels: ["a", "b", "c"])
        var generator = SeededGenerator(11)
        rows = [5, 9, 12, 7].map { count in
            Example(
                task: 0, tokens: (0..<count).map { _ in Int32(generator.next() % 256) },
                targets: [Int32(count % 3)])
        }
    }

    private func fisher(
        _ labels: RetentionNeeds.Anchor.Labels, _ examples: [Example], seed: UInt64 = 1
    ) throws -> [Int: [Float]] {
        var sums: [Int: Tensor] = [:]
        try FisherEstimator(runner: runner, backend: run.backend, labels: labels, seed: seed)
            .add(examples, to: &sums) {}
        return sums.mapValues { $0.floats() }
    }

    private var biasIndex: Int { model.parameters.count - 1 }

    private func probabilities(_ example: Example) throws -> [Double] {
        let outcome = try runner.pass.run([StepRow(example)], recording: false)
        return OutputTarget.softmax((outcome[0].logits).map(Double.init))
    }

    /// For the bias of a softmax the score is e_y − p, so that E over y of its square is
    /// p(1 − p): a closed form, averaged over the rows.
    @Test("F of the head's bias is the closed form p (1 − p), by all labels or by many samples")
    func closedForm() throws {
        var expected = [0.0, 0, 0]
        for row in rows {
            for (c, p) in try probabilities(row).enumerated() {
                expected[c] += p * (1 - p) / Double(rows.count)
            }
        }
        let exact = try #require(try fisher(.exact, rows)[biasIndex])
        for (value, want) in zip(exact, expected) {
            #expect(abs(Double(value) - want) < 1e-5)
        }
        // 400 draws of each row: the mean of a variable in 0…1 is within .05 at 4 deviations.
        let many = rows.flatMap { row in [Example](repeating: row, count: 100) }
        let sampled = try #require(try fisher(.sampled, many)[biasIndex])
        for (value, want) in zip(sampled, expected) { #expect(abs(Double(value) - want) < 0.1) }
    }

    /// Σ_y p(y) (∂ log p(y)/∂θ)² from one separate backward pass a label, for every parameter of
    /// the model, the tied table included.
    @Test("Exact F equals the enumeration of all labels, on every parameter")
    func enumeration() throws {
        let row = rows[1]
        let found = try fisher(.exact, [row])
        var expected: [Int: [Double]] = [:]
        for (label, p) in try probabilities(row).enumerated() {
            var labelled = row
            labelled.targets = [Int32(label)]
            _ = try runner.pass.run([StepRow(labelled, weight: 1)], recording: true)
            for (index, parameter) in model.parameters.enumerated() {
                guard let gradient = parameter.gradients[0]?.floats() else { continue }
                let squares = gradient.map { p * Double($0) * Double($0) }
                expected[index] = zip(expected[index] ?? squares.map { _ in 0 }, squares).map(+)
            }
        }
        #expect(Set(found.keys) == Set(expected.keys))
        for (index, values) in expected {
            let scale = values.max() ?? 0
            let close = zip(found[index] ?? [], values).allSatisfy {
                abs(Double($0) - $1) <= 1e-4 * scale
            }
            #expect(close, "\(model.parameters[index].name)")
        }
    }

    /// The mean over B equal rows of squared scores is the square of one: a batch-mean gradient
    /// squared would be the same, so rows with opposite scores are what tells them apart.
    @Test("F is the mean of squares, not the square of a mean, whatever the number of rows")
    func perRow() throws {
        var (first, second) = (rows[0], rows[0])
        first.targets = [0]
        second.targets = [1]
        let both = try #require(try fisher(.empirical, [first, second])[biasIndex])
        let p = try probabilities(first)
        // Scores of class 0: 1 − p₀ and −p₀; of class 2: −p₂ twice.
        let first0 = ((1 - p[0]) * (1 - p[0]) + p[0] * p[0]) / 2
        #expect(abs(Double(both[0]) - first0) < 1e-5)
        #expect(abs(Double(both[2]) - p[2] * p[2]) < 1e-5)
        let copies = [Example](repeating: first, count: 16)
        let (many, one) = (try fisher(.empirical, copies), try fisher(.empirical, [first]))
        for (a, b) in zip(many[biasIndex] ?? [], one[biasIndex] ?? []) {
            #expect(abs(a - b) < Float(1e-5))
        }
    }

    @Test("The score of a generation row is that of its whole completion")
    func generation() throws {
        var generator = SeededGenerator(3)
        let tokens = (0..<10).map { _ in Int32(generator.next() % 256) }
        let example = Example(task: 1, sequence: tokens, targetStart: 4)
        let found = try fisher(.empirical, [example])
        _ = try runner.pass.run([StepRow(example, weight: 6)], recording: true)
        let index = try #require(
            model.parameters.firstIndex { $0 === model.backbone.lastSharedMatrix })
        let gradient = try #require(model.parameters[index].gradients[0]).floats()
        let scale = gradient.map { $0 * $0 }.max() ?? 0
        let isSquare = zip(found[index] ?? [], gradient).allSatisfy { value, slope in
            abs(value - slope * slope) < 1e-4 * scale
        }
        #expect(isSquare)
        #expect(try fisher(.sampled, [example])[index] == fisher(.sampled, [example])[index])
    }
}
