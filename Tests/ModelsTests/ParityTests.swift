import CPUBackend
import JSON
import NN
import Tensor
import TestSupport
import Testing

@testable import Models

/// Every family against Transformers in double precision: `scripts/reference/parity.py` wrote the
/// numbers and says how. The weights are the same formula on both sides.
@Suite("Parity with Transformers")
struct ParityTests {
    static let cases = [
        "llama", "llama3", "llama_linear", "mistral", "qwen2", "bert_mean", "bert_pooler", "gpt2",
        "t5", "t5_gated",
    ]

    /// float32 against double: logits are of order 1, losses of order 4.
    private static let tolerance = 1e-5
    /// Of a gradient's own length, as promised; the floor is for gradients that are zero but for
    /// rounding (the bias of keys moves no softmax), against the whole gradient's length.
    private static let gradientTolerance = 1e-4
    private static let gradientFloor = 1e-6

    @Test("logits and loss", arguments: cases)
    func forward(name: String) throws {
        let tiny = try TinyModel(name)
        let tape = Tape(tiny.backend, recording: false)
        let (rows, ends) = tiny.logits(on: tape)
        let golden = tiny.golden["logits"]?.array ?? []
        #expect(golden.count == ends.count && !golden.isEmpty)
        for (end, expected) in zip(ends, golden) {
            let width = rows.shape[1]
            let values = Array(rows.floats()[end * width..<(end + 1) * width])
            expectClose(values, expected.numbers, tolerance: Self.tolerance, "logits")
        }
        let loss = tiny.loss(on: Tape(tiny.backend, recording: false))
        #expect(abs(loss - (tiny.golden["loss"]?.number ?? 0)) < Self.tolerance)
    }

    @Test("the gradient of every parameter", arguments: cases)
    func gradients(name: String) throws {
        let tiny = try TinyModel(name)
        let tape = Tape(tiny.backend, recording: true)
        _ = tiny.loss(on: tape)
        tape.backward()
        let golden = try #require(tiny.golden["gradients"]?.object)
        #expect(golden.names.sorted() == tiny.parameters.map(\.source.name).sorted())
        let whole = golden.members.reduce(0.0) { sum, member in
            sum + (member.value.numbers.first ?? 0) * (member.value.numbers.first ?? 0)
        }.squareRoot()
        for (source, parameter) in tiny.parameters {
            let expected = golden[source.name]?.numbers ?? []
            let values = fileOrder(parameter.gradients[0]?.floats() ?? [], source).map(Double.init)
            let direction = SeededWeights.uniform("dot \(source.name)", count: values.count)
            let found = [
                values.reduce(0) { $0 + $1 * $1 }.squareRoot(),
                zip(values, direction).reduce(0) { $0 + $1.0 * Double($1.1) },
                values.first ?? .nan, values.last ?? .nan,
            ]
            let allowed = max(
                Self.gradientTolerance * expected[0], Self.gradientFloor * whole)
            // A sum of n terms along a random direction has the length's error √n times at most.
            for (index, pair) in zip(found, expected).enumerated() {
                #expect(abs(pair.0 - pair.1) <= allowed, "\(source.name) \(index)")
            }
        }
    }

    @Test("the losses of ten AdamW steps, then greedy decoding with caches", arguments: cases)
    func training(name: String) throws {
        let tiny = try TinyModel(name)
        let optimizer = AdamW(
            tiny.parameters.map(\.parameter), AdamWConfiguration(), backend: tiny.backend)
        for expected in tiny.golden["losses"]?.numbers ?? [] {
            for (_, parameter) in tiny.parameters { parameter.clearGradients() }
            let tape = Tape(tiny.backend, recording: true)
            let loss = tiny.loss(on: tape)
            #expect(abs(loss - expected) <= 1e-4 * expected)
            tape.backward()
            optimizer.step(learningRate: 2e-3, scale: 1)
        }
        let generated = (tiny.golden["generated"]?.array ?? []).map(\.tokens)
        if !generated.isEmpty { #expect(tiny.generate() == generated) }
    }

    @Test("one packed pass gives each task the gradients of a pass of its own", arguments: cases)
    func tasks(name: String) throws {
        let tiny = try TinyModel(name)
        for (_, parameter) in tiny.parameters { parameter.slots = 2 }
        func gradients(only: Int?) -> [[[Float]?]] {
            for (_, parameter) in tiny.parameters { parameter.clearGradients() }
            let tape = Tape(tiny.backend, recording: true)
            _ = tiny.split(only: only).loss(on: tape)
            tape.backward()
            return tiny.parameters.map { $0.parameter.gradients.map { $0?.floats() } }
        }
        let together = gradients(only: nil)
        for task in 0..<2 {
            let alone = gradients(only: task)
            for (index, (source, _)) in tiny.parameters.enumerated() {
                #expect(alone[index][1 - task] == nil, "\(source.name)")
                let both = try #require(together[index][task], "\(source.name)")
                let own = try #require(alone[index][task], "\(source.name)")
                let scale = own.map(abs).max() ?? 0
                // The same sums, in another order at most.
                let worst = zip(both, own).map { abs($0 - $1) }.max() ?? .infinity
                #expect(worst <= 1e-5 * scale + 1e-7, "\(source.name) of task \(task)")
            }
        }
        let shared = tiny.backbone.lastSharedMatrix
        let place = try #require(tiny.parameters.firstIndex { $0.parameter === shared })
        #expect(together[place].allSatisfy { $0?.contains { $0 != 0 } ?? false })
    }

    /// Values of a parameter in the order of Hugging Face files.
    private func fileOrder(_ values: [Float], _ source: ParameterSource) -> [Float] {
        guard source.isTransposed else { return values }
        let (rows, columns) = (source.shape[0], source.shape[1])
        return (0..<values.count).map { values[$0 % rows * columns + $0 / rows] }
    }

    private func expectClose(
        _ actual: [Float], _ expected: [Double], tolerance: Double, _ what: String
    ) {
        #expect(actual.count == expected.count)
        let scale = expected.reduce(1) { max($0, abs($1)) }
        for (a, b) in zip(actual, expected) {
            #expect(abs(Double(a) - b) <= tolerance * scale, "\(what)")
        }
    }
}
