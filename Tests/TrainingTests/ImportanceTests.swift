import CPUBackend
import Models
import Multitask
import Tensor
import Testing

@testable import Training

@Suite struct ImportanceTests {
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
        // Every matrix of this small model is to take the way of the large ones.
        try ImportanceEstimator(
            runner: runner, backend: run.backend, importance: .score(labels), seed: seed,
            matrixMin: 0
        ).estimate([examples]) {}.mapValues { $0.floats() }
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

    /// The old way: one backward pass a row, its gradient squared. Rows of both kinds, and enough
    /// for several batches.
    @Test("F in batches is F row by row, on every parameter, the tied table included")
    func batches() throws {
        var generator = SeededGenerator(17)
        let mixed = (0..<70).map { number in
            let tokens = (0..<5 + number % 9).map { _ in Int32(generator.next() % 256) }
            return number % 2 == 0
                ? Example(task: 0, tokens: tokens, targets: [Int32(number % 3)])
                : Example(task: 1, sequence: tokens, targetStart: 2)
        }
        var expected: [Int: [Double]] = [:]
        for example in mixed {
            let row = StepRow(example, weight: Double(example.targets.count))
            _ = try runner.pass.run([row], recording: true)
            for (index, parameter) in model.parameters.enumerated() {
                guard let gradient = parameter.gradients[0]?.floats() else { continue }
                let squares = gradient.map { Double($0) * Double($0) / Double(mixed.count) }
                expected[index] = zip(expected[index] ?? squares.map { _ in 0 }, squares).map(+)
            }
        }
        for small in [0, 1 << 30] {
            let found = try ImportanceEstimator(
                runner: runner, backend: run.backend, importance: .score(.empirical), seed: 1,
                matrixMin: small
            ).estimate([mixed]) {}.mapValues { $0.floats() }
            #expect(Set(found.keys) == Set(expected.keys))
            for (index, values) in expected {
                let scale = values.max() ?? 0
                let close = zip(found[index] ?? [], values).allSatisfy {
                    abs(Double($0) - $1) <= 1e-4 * scale
                }
                #expect(close, "\(model.parameters[index].name)")
            }
        }
    }

    @Test("Where memory is short batches get smaller, and the result stays")
    func memory() throws {
        let many = (0..<12).map { rows[$0 % 4] }
        func estimate() throws -> [Int: [Float]] {
            try ImportanceEstimator(
                runner: runner, backend: run.backend, importance: .score(.empirical), seed: 1
            ).estimate([many]) {}.mapValues { $0.floats() }
        }
        let expected = try estimate()
        defer { run.backend.memoryLimitBytes = nil }
        run.backend.trim()
        // The least memory in steps of 50 kB with which it ends at all.
        for room in stride(from: 50_000, through: 4_000_000, by: 50_000) {
            run.backend.memoryLimitBytes = run.backend.bytesInUse + room
            guard let found = try? estimate() else { continue }
            #expect(Set(found.keys) == Set(expected.keys))
            for (index, values) in expected {
                let scale = values.max() ?? 0
                let close = zip(found[index] ?? [], values).allSatisfy {
                    abs($0 - $1) <= 1e-5 * scale
                }
                #expect(close, "\(model.parameters[index].name)")
            }
            return
        }
        Issue.record("no memory was enough")
    }

    /// ∂‖z‖²/∂b = 2z for the bias b of logits z.
    @Test("The importance of outputs is |∂‖z‖²/∂θ|: 2|z| for the head's bias")
    func outputs() throws {
        let found = try ImportanceEstimator(
            runner: runner, backend: run.backend, importance: .outputs, seed: 1, matrixMin: 0
        ).estimate([rows]) {}.mapValues { $0.floats() }
        var expected = [0.0, 0, 0]
        var slopes: [Double]?
        for row in rows {
            let outcome = try runner.pass.run([StepRow(row)], recording: false)
            for (c, z) in outcome[0].logits.enumerated() {
                expected[c] += abs(2 * Double(z)) / Double(rows.count)
            }
            // And of a matrix of the backbone by one backward pass a row.
            let tape = Tape(run.backend, recording: true)
            let batch = PackedBatch([(task: 0, tokens: row.tokens)])
            let hidden = model.backbone.hiddenStates(batch, caches: nil, on: tape)
            let logits = model.classify(
                hidden, segments: batch.segments, head: "mood", task: 0, on: tape)
            tape.seed(logits, gradient: logits.floats().map { 2 * $0 })
            for parameter in model.parameters { parameter.clearGradients() }
            tape.backward()
            let one = (model.backbone.lastSharedMatrix.gradients[0]?.floats() ?? [])
                .map { abs(Double($0)) / Double(rows.count) }
            slopes = slopes.map { zip($0, one).map(+) } ?? one
        }
        for (value, want) in zip(found[biasIndex] ?? [], expected) {
            #expect(abs(Double(value) - want) < 1e-4)
        }
        let index = try #require(
            model.parameters.firstIndex { $0 === model.backbone.lastSharedMatrix })
        let scale = slopes?.max() ?? 0
        for (value, want) in zip(found[index] ?? [], slopes ?? []) {
            #expect(abs(Double(value) - want) <= 1e-4 * scale)
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
        #expect(
            try fisher(.sampled, [example])[index] != fisher(.sampled, [example], seed: 2)[index])
    }
}
