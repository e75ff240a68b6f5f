import CPUBackend
import Glibc
import Models
import Multitask
import NN
import Spec
import Tensor
import Testing

@testable import Training

@Suite struct RetentionTests {
    private let backend = CPUBackend(threads: 1)

    /// Two stages on one parameter, by hand: the collapsed quadratic has the gradient of the sum
    /// of both, F₁(θ − a) + F₂(θ − b).
    @Test("Several quadratics in one have the gradient of their sum; a fading one moves along")
    func collapsed() {
        func anchor(decay: Double?) -> (gradient: [Float], anchor: QuadraticAnchor) {
            let value = Tensor([1, 2, 3], [3], backend: backend)
            let parameter = Parameter(name: "p", value: value)
            let anchor = QuadraticAnchor([parameter], backend: backend)
            anchor.join([0: Tensor([2, 0, 1], [3], backend: backend)], decay: decay)
            for (i, x) in ([2, 5, 3] as [Float]).enumerated() { value.pointer[i] = x }
            anchor.join([0: Tensor([1, 4, 1], [3], backend: backend)], decay: decay)
            guard let part = anchor.penalties(strength: 1).byParameter[0] else {
                return ([], anchor)
            }
            let theta: [Float] = [10, 10, 10]
            return (
                theta.indices.map { part.precision[$0] * (theta[$0] - part.center[$0]) }, anchor
            )
        }
        // F₁ = (2, 0, 1) at (1, 2, 3), F₂ = (1, 4, 1) at (2, 5, 3), θ = 10:
        // 2·9 + 1·8, 4·5, 7 + 7.
        let sum = anchor(decay: nil).gradient
        let expected: [Float] = [26, 20, 14]
        #expect(zip(sum, expected).allSatisfy { abs($0 - $1) < 1e-5 })
        // γ = ½: F̄ = (2, 4, 1.5), all around the newest point.
        let faded = anchor(decay: 0.5).gradient
        let moved: [Float] = [16, 20, 10.5]
        #expect(zip(faded, moved).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test("Tasks with one output layer keep one answer of it")
    func oneAnswerForEachLayer() throws {
        let run = try TinyRun()
        let model = try run.model()
        for (index, name) in ["a", "b"].enumerated() {
            let head = HeadSpec(
                task: name, kind: "classification", labels: ["x", "y"], format: "raw",
                maxLength: 64, sharedName: "one")
            model.addClassifier(head, seed: UInt64(index))
        }
        let kinds: [(String, TaskKind)] = [
            ("a", .classification), ("b", .classification), ("c", .generation),
            ("d", .generation), ("e", .generation),
        ]
        let runner = StepRunner(
            model, tasks: kinds.map { TrainingTask(name: $0.0, kind: $0.1) },
            optimizer: AdamW(model.parameters, AdamWConfiguration(), backend: run.backend),
            methods: StepMethods(), clip: 1, backend: run.backend)
        let row = Example(task: 4, sequence: [5, 6, 7, 8], targetStart: 2)
        var answers = RecordedAnswers()
        try answers.record(
            tasks: [4], heads: [0, 1, 2, 3], data: [[], [], [], [], [row]], temperature: 2,
            runner: runner, backend: run.backend, between: {})
        let lwf = try Multitask.retention(MethodSpec("lwf"), tasks: kinds.map(\.0))
        let need = try #require(lwf.needs.distillation)
        let targets = answers.targets(task: 4, row: 0, need: need, share: 1)
        #expect(targets.map(\.head) == [0, 2])
    }

    @Test("What mattered to no row of a stage fades too, and moves along")
    func fadesUnseen() throws {
        let value = Tensor([1], [1], backend: backend)
        let anchor = QuadraticAnchor([Parameter(name: "p", value: value)], backend: backend)
        anchor.join([0: Tensor([4], [1], backend: backend)], decay: 0.5)
        value.pointer[0] = 3
        anchor.join([:], decay: 0.5)
        let part = try #require(anchor.penalties(strength: 1).byParameter[0])
        #expect(part.precision[0] == 2 && part.center[0] == 3)
        // Without decay both stay.
        anchor.join([:], decay: nil)
        value.pointer[0] = 5
        #expect(part.precision[0] == 2 && part.center[0] == 3)
    }

    @Test("The penalty's gradient is added after clipping")
    func afterClipping() {
        let tape = Tape(backend, recording: true)
        let one = Tensor([1], [1, 1], backend: backend)
        let column = Parameter(name: "c", value: Tensor([1, -2], [2, 1], backend: backend))
        let y = tape.linear(one, column)
        tape.seed(y, gradient: [3, 4])
        tape.backward()
        let optimizer = AdamW([column], AdamWConfiguration(), backend: backend)
        let precision = Tensor([1, 2], [2, 1], backend: backend)
        let center = Tensor([0, 0], [2, 1], backend: backend)
        #expect(optimizer.gradientNorm() == 5)
        optimizer.step(
            learningRate: 0, scale: 0.2,
            penalties: Penalties(
                byParameter: [
                    0: QuadraticPenalty(precision: precision.pointer, center: center.pointer)
                ], strength: 10))
        // 0.2·(3, 4) + 10·(1·1, 2·(−2)); the first moment is a tenth of it.
        let moment = optimizer.state(0).first.floats()
        let expected: [Float] = [1.06, -3.92]
        #expect(zip(moment, expected).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    /// Random and degenerate gradients of two tasks and a reference.
    @Test("A step with a reference never opposes it", arguments: UInt64(0)..<60)
    func agem(seed: UInt64) {
        var generator = SeededGenerator(seed, 1)
        let scale = pow(10, Double(seed % 13) * 2.5 - 15)
        func vector(_ zero: Bool) -> [Double] {
            (0..<6).map { _ in zero ? 0 : scale * generator.normal() }
        }
        let shared = [vector(false), vector(seed % 5 == 0), vector(seed % 7 == 0)]
        let own = [vector(false), vector(false), vector(seed % 3 == 0)]
        let combined = CombinedGradient(
            shared: Gramian(rows: shared), own: Gramian(rows: own), present: [0, 1], reference: 2,
            aggregation: nil, generator: generator)
        func sum(_ rows: [[Double]], _ alpha: [Double]) -> [Double] {
            (0..<6).map { place in zip(rows, alpha).reduce(0) { $0 + $1.0[place] * $1.1 } }
        }
        let gradient = sum(shared, combined.shared) + sum(own, combined.own)
        let reference = shared[2] + own[2]
        let product = zip(gradient, reference).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(product >= -1e-9 * scale * scale)
        let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(abs(norm - combined.norm) <= 1e-9 * max(norm, scale))
        let plain = sum(shared, [1, 1, 0]) + sum(own, [1, 1, 0])
        let before = zip(plain, reference).reduce(0) { $0 + $1.0 * $1.1 }
        if before >= 0 { #expect(gradient == plain) }
    }

    /// T² KL and the mean square by finite differences of their own formulas in double.
    @Test("Gradients of kept outputs agree with finite differences")
    func outputs() {
        let kept: [Float] = [0.3, -1, 2]
        let logits: [Float] = [1, 0.5, -0.25]
        func loss(_ form: OutputTarget.Form, _ z: [Double]) -> Double {
            let before = kept.map(Double.init)
            switch form {
            case .squared:
                return zip(z, before).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 3
            case .tempered(let t):
                let (p, q) = (OutputTarget.softmax(before, t), OutputTarget.softmax(z, t))
                return t * t * zip(p, q).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
            }
        }
        for form in [OutputTarget.Form.squared, .tempered(2), .tempered(1)] {
            let gradient = OutputTarget.gradient(
                logits[...], kept: kept, form: form, weight: 0.5)
            for i in 0..<3 {
                var (up, down) = (logits.map(Double.init), logits.map(Double.init))
                up[i] += 1e-5
                down[i] -= 1e-5
                let slope = 0.5 * (loss(form, up) - loss(form, down)) / 2e-5
                #expect(abs(Double(gradient[i]) - slope) < 1e-6)
            }
            let same = OutputTarget.gradient(logits[...], kept: logits, form: form, weight: 1)
            #expect(same.allSatisfy { abs($0) < 1e-7 })
        }
    }

    @Test("Replay draws rate rows for each new one, from every earlier task alike")
    func draws() {
        var memory = TaskMemory(fraction: 0.1, rate: 0.5, seed: 3)
        memory.keep(tasks: [0, 2], counts: [1000, 7, 30])
        #expect(memory.kept.map(\.rows.count) == [100, 3])
        var counts = [0, 0, 0]
        for step in 0..<2_000 {
            for (task, row) in memory.draw(newRows: 5, step: step) {
                counts[task] += 1
                #expect(memory.kept.contains { $0.task == task && $0.rows.contains(row) })
            }
        }
        // 2.5 rows a step on average; the binomial deviation of the half row is 22 of 5,000.
        #expect(abs(counts[0] + counts[2] - 5_000) < 100)
        #expect(abs(counts[0] - counts[2]) < 300)
        #expect(counts[1] == 0)
        #expect(
            memory.draw(newRows: 9, step: 4).map(\.row)
                == memory.draw(newRows: 9, step: 4).map(\.row))
    }
}
