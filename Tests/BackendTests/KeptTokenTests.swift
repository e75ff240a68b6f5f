import CPUBackend
import Glibc
import Tensor
import Testing

@Suite struct KeptTokenTests {
    private let backend = CPUBackend(threads: 2)
    private let rows = 3
    private let width = 4
    private let classes = 9

    private func numbers(_ seed: UInt64, _ count: Int, scale: Float = 1) -> [Float] {
        var noise = Noise(seed)
        return noise.array(count).map { scale * $0 }
    }

    private func logProbabilities(_ z: [Double]) -> [Double] {
        let top = z.max() ?? 0
        let rest = log(z.reduce(0) { $0 + exp($1 - top) }) + top
        return z.map { $0 - rest }
    }

    /// The definition of the loss, in double precision.
    private func loss(
        _ x: [Double], _ w: [Double], _ kept: KeptTokens, _ form: KeptTokenForm, _ weights: [Float]
    ) -> Double {
        (0..<rows).reduce(0) { sum, row in
            var t = 1.0
            if case .tempered(let value) = form { t = Double(value) }
            let z = (0..<classes).map { c in
                (0..<width).reduce(0) { $0 + x[row * width + $1] * w[c * width + $1] } / t
            }
            let now = logProbabilities(z)
            let range = row * kept.width..<(row + 1) * kept.width
            let pairs = zip(kept.ids[range].map { now[Int($0)] }, kept.logs[range].map(Double.init))
            switch form {
            case .squared:
                let squares = pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
                return sum + Double(weights[row]) * squares / Double(kept.width)
            case .tempered:
                var (kl, p, q) = (0.0, 1.0, 1.0)
                for (a, b) in pairs {
                    kl += exp(b) * (b - a)
                    p -= exp(b)
                    q -= exp(a)
                }
                return sum + Double(weights[row]) * t * t * (kl + p * log(p / q))
            }
        }
    }

    @Test(
        "Losses are their definition and gradients their finite differences",
        arguments: [KeptTokenForm.squared, .tempered(1), .tempered(2)])
    func gradients(form: KeptTokenForm) {
        var t: Float = 1
        if case .tempered(let value) = form { t = value }
        let table = Parameter(
            name: "t",
            value: Tensor(numbers(1, classes * width), [classes, width], backend: backend))
        let before = Parameter(
            name: "b",
            value: Tensor(numbers(9, classes * width), [classes, width], backend: backend))
        let input = numbers(2, rows * width, scale: 2)
        let kept = Tape(backend, recording: false).topTokens(
            Tensor(input, [rows, width], backend: backend), before, width: 3, temperature: t)
        let weights: [Float] = [1, 0.5, 2]
        let tape = Tape(backend, recording: true)
        let inputs = Parameter(
            name: "x", value: Tensor(input, [rows, width], backend: backend))
        let x = tape.embedding(inputs, [0, 1, 2], rows: RowSpace(count: rows))
        let losses = tape.linearKeptTokens(x, table, kept: kept, form: form, weights: weights)
        tape.backward()
        let (x0, w0) = (input.map(Double.init), table.value.floats().map(Double.init))
        let total = zip(losses, weights).reduce(0) { $0 + Double($1.0 * $1.1) }
        #expect(abs(total - loss(x0, w0, kept, form, weights)) < 1e-5 * max(1, total))
        for (gradient, isInput) in [(inputs.gradients[0], true), (table.gradients[0], false)] {
            let found = gradient?.floats() ?? []
            let expected = found.indices.map { place in
                let sides = [1e-5, -1e-5].map { step in
                    var (x, w) = (x0, w0)
                    if isInput { x[place] += step } else { w[place] += step }
                    return loss(x, w, kept, form, weights)
                }
                return (sides[0] - sides[1]) / 2e-5
            }
            // Shares and logarithms are float32.
            expectClose(found, expected, tolerance: 1e-5, "\(form)")
        }
    }

    @Test("The likeliest tokens are kept with their log-probabilities; nothing moves from there")
    func top() {
        let values = numbers(4, 50 * 4)
        let table = Parameter(name: "t", value: Tensor(values, [50, 4], backend: backend))
        let input = Tensor(numbers(3, 8, scale: 3), [2, 4], backend: backend)
        let kept = Tape(backend, recording: false).topTokens(input, table, width: 7)
        #expect(kept.rows == 2)
        for row in 0..<2 {
            let z = (0..<50).map { c in
                (0..<4).reduce(0.0) {
                    $0 + Double(input.pointer[row * 4 + $1]) * Double(values[c * 4 + $1])
                }
            }
            let logs = logProbabilities(z)
            let expected = (0..<50).sorted { logs[$0] > logs[$1] }.prefix(7).sorted()
            #expect(kept.ids[row * 7..<row * 7 + 7].map(Int.init) == expected)
            let found = Array(kept.logs[row * 7..<row * 7 + 7])
            expectClose(found, expected.map { logs[$0] }, tolerance: 1e-5, "log p")
        }
        for form in [KeptTokenForm.squared, .tempered(1)] {
            let tape = Tape(backend, recording: true)
            let losses = tape.linearKeptTokens(
                input, table, kept: kept, form: form, weights: [1, 1])
            #expect(losses.allSatisfy { abs($0) < 1e-6 })
            let largest = table.gradients[0]?.floats().map(abs).max() ?? 1
            #expect(largest < 1e-5)
        }
    }

    /// A token of probability p is drawn for a share p of the uniform numbers, and its loss and
    /// gradient are those of that target.
    @Test("A drawn target is where the number falls on the cumulative distribution")
    func drawn() {
        let values = numbers(4, 6 * 4, scale: 2)
        let row = numbers(3, 4)
        let count = 999
        func table() -> Parameter {
            Parameter(name: "t", value: Tensor(values, [6, 4], backend: backend))
        }
        func inputs(_ count: Int) -> Tensor {
            Tensor((0..<count).flatMap { _ in row }, [count, 4], backend: backend)
        }
        let uniforms = (0..<count).map { (Double($0) + 0.5) / Double(count) }
        let losses = Tape(backend, recording: false).linearCrossEntropy(
            inputs(count), table(), drawnBy: uniforms,
            weights: [Float](repeating: 1, count: count))
        let each = Tape(backend, recording: false).linearCrossEntropy(
            inputs(6), table(), targets: [0, 1, 2, 3, 4, 5], weights: [])
        for loss in each {
            let share = Double(losses.count { abs($0 - loss) < 1e-5 }) / Double(count)
            #expect(abs(share - exp(-Double(loss))) < 2 / Double(count))
        }
        let (drawn, given) = (table(), table())
        let target = Int32(each.firstIndex { abs($0 - losses[500]) < 1e-5 } ?? 0)
        _ = Tape(backend, recording: true).linearCrossEntropy(
            inputs(1), drawn, drawnBy: [uniforms[500]], weights: [0.3])
        _ = Tape(backend, recording: true).linearCrossEntropy(
            inputs(1), given, targets: [target], weights: [0.3])
        expectClose(
            drawn.gradients[0]?.floats() ?? [],
            (given.gradients[0]?.floats() ?? []).map(Double.init), tolerance: 1e-6, "gradient")
    }
}
