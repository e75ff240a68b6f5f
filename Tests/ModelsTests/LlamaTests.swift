import CPUBackend
import Tensor
import TestSupport
import Testing

@testable import Models

@Suite("Llama")
struct LlamaTests {
    private let folder: TemporaryFolder
    private let path: String
    private let backend = CPUBackend(threads: 1)

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("tiny.gguf")
        try TinyLlamaFile.write(path, seed: 11)
    }

    private func lastLogits(_ model: Model, _ batch: PackedBatch, caches: [KeyValueCache]? = nil)
        -> [[Float]]
    {
        let tape = Tape(backend, recording: false)
        let hidden = model.backbone.hiddenStates(batch, caches: caches, on: tape)
        let last = tape.gather(
            hidden, batch.segments.map { Int32($0.upperBound - 1) },
            rows: RowSpace(count: batch.segments.count))
        let values = tape.linear(last, model.backbone.outputProjection).floats()
        let width = model.backbone.configuration.vocabulary
        return batch.segments.indices.map { Array(values[($0 * width)..<(($0 + 1) * width)]) }
    }

    private func distance(_ a: [Float], _ b: [Double]) -> Double {
        zip(a, b).map { abs(Double($0) - $1) }.max() ?? .infinity
    }

    private let sequences: [[Int32]] = [[72, 105, 33], [257, 5, 5, 200, 31, 7, 90], [1]]

    @Test("packed sequences give the logits of a double-precision reference")
    func forward() throws {
        let model = try Model(base: path, backend: backend)
        let reference = try LlamaReference(path)
        let batch = PackedBatch(sequences.map { (task: 0, tokens: $0) })
        for (logits, tokens) in zip(lastLogits(model, batch), sequences) {
            // Logits are of order 1; float32 through two layers loses below 1e-5.
            #expect(distance(logits, reference.logits(tokens)) < 2e-5)
        }
    }

    @Test("reading with caches, in pieces and together, gives the same logits")
    func caches() throws {
        let model = try Model(base: path, backend: backend)
        let reference = try LlamaReference(path)
        let caches = sequences.map { _ in model.backbone.makeCache(capacity: 2) }
        var consumed = sequences.map { _ in 0 }
        var last = sequences.map { _ in [Float]() }
        for step in [2, 1, 3, 5] {
            let going = sequences.indices.filter { consumed[$0] < sequences[$0].count }
            let ends = going.map { min(consumed[$0] + step, sequences[$0].count) }
            let batch = PackedBatch(
                zip(going, ends).map { (task: 0, tokens: Array(sequences[$0][consumed[$0]..<$1])) },
                startingAt: going.map { consumed[$0] })
            let logits = lastLogits(model, batch, caches: going.map { caches[$0] })
            for (place, index) in going.enumerated() {
                consumed[index] = ends[place]
                last[index] = logits[place]
            }
        }
        for (index, tokens) in sequences.enumerated() {
            #expect(caches[index].length == tokens.count)
            #expect(distance(last[index], reference.logits(tokens)) < 2e-5)
        }
    }

    /// Language-model loss on the sequences of one task, classification on the other's.
    private struct Problem {
        let tokens: [(task: Int, tokens: [Int32])] = [
            (0, [3, 77, 250, 9]), (0, [9, 9]), (1, [40, 41, 42]), (1, [3, 250]),
        ]
        let targets: [Int32] = [77, 250, 9, 9]
        let targetRows: [Int32] = [0, 1, 2, 4]
        let labels: [Int32] = [2, 0]

        /// Weighted sum of the tasks' losses.
        func loss(_ model: Model, on tape: Tape, tasks: Set<Int>) -> Double {
            let present = tokens.filter { tasks.contains($0.task) }
            let batch = PackedBatch(present)
            let hidden = model.backbone.hiddenStates(batch, caches: nil, on: tape)
            var loss = 0.0
            if tasks.contains(0) {
                let rows = tape.gather(hidden, targetRows, rows: RowSpace(count: 4, task: 0))
                let weights: [Float] = [0.25, 0.25, 0.5, 1]
                let losses = tape.linearCrossEntropy(
                    rows, model.backbone.outputProjection, targets: targets, weights: weights)
                loss += zip(losses, weights).reduce(0) { $0 + Double($1.0 * $1.1) }
            }
            if tasks.contains(1) {
                let logits = model.classify(
                    hidden, segments: Array(batch.segments.suffix(2)), head: "sentiment", task: 1,
                    on: tape)
                let losses = tape.crossEntropy(logits, targets: labels, weights: [0.5, 2])
                loss += Double(losses[0]) * 0.5 + Double(losses[1]) * 2
            }
            return loss
        }
    }

    private func makeModel() throws -> Model {
        let model = try Model(base: path, backend: backend)
        model.addClassifier(
            HeadSpec(
                task: "sentiment", kind: "classification", labels: ["a", "b", "c"], format: "raw",
                maxLength: 64), seed: 3)
        return model
    }

    @Test("every parameter's gradient agrees with finite differences, the tied embedding's too")
    func finiteDifferences() throws {
        let model = try makeModel()
        let problem = Problem()
        for parameter in model.parameters { parameter.slots = 2 }
        let tape = Tape(backend, recording: true)
        _ = problem.loss(model, on: tape, tasks: [0, 1])
        tape.backward()
        func loss() -> Double {
            problem.loss(model, on: Tape(backend, recording: false), tasks: [0, 1])
        }
        for parameter in model.parameters {
            let gradient = summed(parameter)
            var generator = SplitMix64(seed: 5)
            // One random direction checks all entries of a parameter at once.
            let direction = gradient.map { _ in Float(generator.normal()) }
            let norm = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let before = parameter.value.floats()
            func shifted(_ step: Float) -> Double {
                for i in before.indices {
                    parameter.value.pointer[i] = before[i] + step * direction[i] / norm
                }
                return loss()
            }
            let step: Float = 2e-2
            let numeric = (shifted(step) - shifted(-step)) / Double(2 * step)
            for i in before.indices { parameter.value.pointer[i] = before[i] }
            let analytic =
                zip(gradient, direction).reduce(0.0) { $0 + Double($1.0 * $1.1) }
                / Double(norm)
            // Float32 losses of about 10 have noise of 1e-6, over 4e-2: 5e-5; the step's own
            // error is of its square.
            #expect(abs(numeric - analytic) < 2e-4 + 5e-3 * abs(analytic), "\(parameter.name)")
        }
    }

    private func summed(_ parameter: Parameter) -> [Float] {
        var total = [Float](repeating: 0, count: parameter.value.count)
        for gradient in parameter.gradients {
            for (i, value) in (gradient?.floats() ?? []).enumerated() { total[i] += value }
        }
        return total
    }

    @Test("one packed backward gives every task the gradient of a backward of its own")
    func taskGradients() throws {
        let model = try makeModel()
        let problem = Problem()
        for parameter in model.parameters { parameter.slots = 2 }
        let packed = Tape(backend, recording: true)
        _ = problem.loss(model, on: packed, tasks: [0, 1])
        packed.backward()
        let together = model.parameters.map { $0.gradients.map { $0?.floats() } }

        for task in 0..<2 {
            for parameter in model.parameters { parameter.clearGradients() }
            let tape = Tape(backend, recording: true)
            _ = problem.loss(model, on: tape, tasks: [task])
            tape.backward()
            for (index, parameter) in model.parameters.enumerated() {
                let alone = parameter.gradients[task]?.floats()
                #expect(parameter.gradients[1 - task] == nil)
                guard let alone else {
                    #expect(together[index][task] == nil, "\(parameter.name)")
                    continue
                }
                let both = try #require(together[index][task], "\(parameter.name)")
                let scale = alone.map(abs).max() ?? 0
                let difference = zip(alone, both).map { abs($0 - $1) }.max() ?? 0
                // The same sums, in another order at most.
                #expect(difference <= 1e-5 * scale + 1e-7, "\(parameter.name) of task \(task)")
            }
        }
        #expect(together[0][0] != nil, "the tied embedding has gradients of both tasks")
        #expect(together[0][1] != nil)
        let shared = try #require(
            model.parameters.firstIndex { $0 === model.backbone.lastSharedMatrix })
        #expect(model.parameters[shared].name == "model.layers.1.mlp.down_proj.weight")
        #expect(together[shared].allSatisfy { $0 != nil })
    }
}
