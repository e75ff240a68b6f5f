import CPUBackend
import Models
import Multitask
import NN
import Spec
import Tensor
import Testing

@testable import Training

/// A runner on the tiny model with a two-class head, and a batch of both tasks.
private struct Bench {
    let files: TinyRun
    let model: Model
    let runner: StepRunner
    let examples: [Example]

    init(weighting: MethodSpec? = nil, aggregation: MethodSpec? = nil) throws {
        files = try TinyRun()
        model = try files.model()
        runner = files.runner(
            model, labels: ["a", "b"],
            methods: StepMethods(
                weighting: try weighting.map {
                    try Multitask.weighting($0, tasks: ["mood", "reply"])
                },
                aggregation: try aggregation.map {
                    try Multitask.aggregation($0, tasks: ["mood", "reply"])
                }))
        var generator = SeededGenerator(11)
        func tokens(_ count: Int) -> [Int32] {
            (0..<count).map { _ in Int32(generator.next() % 256) }
        }
        examples =
            [5, 17, 9].map { Example(task: 0, tokens: tokens($0), targets: [Int32($0 % 2)]) }
            + [12, 30].map {
                Example(task: 1, sequence: tokens($0), targetStart: $0 / 2)
            }
    }

    func slot(_ slot: Int) -> [Float] {
        model.backbone.lastSharedMatrix.gradients[slot]?.floats() ?? []
    }
}

/// Sums in another order differ by float rounding: a few 1e-7 of the largest value, times the
/// square root of the number of terms.
private func expectClose(_ a: [Float], _ b: [Float], _ tolerance: Float = 2e-5) {
    #expect(a.count == b.count && !a.isEmpty)
    let scale = b.map(abs).max() ?? 0
    #expect(scale > 0)
    #expect(zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * scale })
}

extension StepRunner {
    /// Forward and backward of a whole step: gradients hold the step's loss afterwards.
    fileprivate func accumulate(_ examples: [Example]) throws -> [ExampleLoss] {
        try pass.run(weighted(examples.map { StepRow($0) }).rows, recording: true)
    }
}

@Suite struct StepRunnerTests {
    @Test("Each task's gradient at W from one packed pass equals a separate pass of that task")
    func perTaskGradients() throws {
        let fixed = MethodSpec("gradnorm")
        let bench = try Bench(weighting: fixed)
        let runner = bench.runner
        #expect(bench.model.backbone.lastSharedMatrix.slots == 2)
        _ = try runner.accumulate(bench.examples)
        let packed = [bench.slot(0), bench.slot(1)]
        for task in 0..<2 {
            let own = bench.examples.filter { $0.task == task }
            // Task scope with weight 1: each row weighs 1 / (rows of the task).
            let rows = own.map { StepRow($0, weight: 1 / Double(own.count)) }
            _ = try runner.pass.run(rows, recording: true)
            #expect(bench.model.backbone.lastSharedMatrix.gradients[1 - task] == nil)
            expectClose(packed[task], bench.slot(task))
        }
    }

    @Test("A step in pieces has the gradient and the losses of the whole step")
    func pieces() throws {
        let bench = try Bench(weighting: nil)
        let whole = try bench.runner.accumulate(bench.examples).map(\.mean)
        let table = bench.model.backbone.outputProjection
        let expected = (bench.slot(0), table.gradients[0]?.floats() ?? [])
        bench.runner.pass.tokensMax = 20
        let pieces = try bench.runner.accumulate(bench.examples).map(\.mean)
        expectClose(bench.slot(0), expected.0)
        expectClose(table.gradients[0]?.floats() ?? [], expected.1)
        #expect(zip(whole, pieces).allSatisfy { abs($0 - $1) < 1e-5 * abs($0) })
    }

    @Test("The gradient in the scope step is the row-weighted sum of the tasks' mean gradients")
    func scopes() throws {
        let plain = try Bench(weighting: nil)
        _ = try plain.runner.accumulate(plain.examples)
        let tasks = try Bench(weighting: MethodSpec("gradnorm"))
        _ = try tasks.runner.accumulate(tasks.examples)
        // Three rows of task 0 and two of task 1: means weigh 3/5 and 2/5.
        let combined = zip(tasks.slot(0), tasks.slot(1)).map { 0.6 * $0 + 0.4 * $1 }
        expectClose(plain.slot(0), combined)
    }

    @Test("GradNorm sees unweighted norms, and the model moves with the weights from before")
    func observation() throws {
        let bench = try Bench(weighting: MethodSpec("gradnorm", ["warmup_steps": 1]))
        let runner = bench.runner
        for _ in 0..<4 {
            let before = runner.methods.weighting?.weights
            let result = try runner.step(bench.examples, learningRate: 1e-3)
            #expect(result.weights == before)
            #expect(result.fault == nil)
        }
        let weights = try #require(runner.methods.weighting?.weights)
        #expect(weights != [1, 1])
        #expect(abs(weights[0] + weights[1] - 2) < 1e-12)
        _ = try runner.accumulate(bench.examples)
        let weighted = bench.model.backbone.lastSharedMatrix.gradientNorm(slot: 0)
        runner.methods.weighting = try Multitask.weighting(
            MethodSpec("gradnorm"), tasks: ["mood", "reply"])
        _ = try runner.accumulate(bench.examples)
        let unweighted = bench.model.backbone.lastSharedMatrix.gradientNorm(slot: 0)
        #expect(abs(weighted / weights[0] - unweighted) < 1e-4 * unweighted)
    }

    @Test("A loss that is not finite names its task and moves nothing")
    func poisoned() throws {
        let bench = try Bench(weighting: nil)
        let head = try #require(bench.model.classifiers["mood"])
        head.weight.value.pointer[0] = .nan
        let before = bench.model.backbone.lastSharedMatrix.value.floats()
        let result = try bench.runner.step(bench.examples, learningRate: 1e-3)
        #expect(result.fault == .loss(task: 0))
        #expect(bench.model.backbone.lastSharedMatrix.value.floats() == before)
        let healthy = bench.examples.filter { $0.task == 1 }
        #expect(try bench.runner.step(healthy, learningRate: 1e-3).fault == nil)
    }

    @Test("Running out of memory repeats the step in pieces, with the same losses")
    func outOfMemory() throws {
        let bench = try Bench(weighting: nil)
        let runner = bench.runner
        let backend = bench.files.backend
        let whole = try runner.accumulate(bench.examples).map(\.mean)
        let needed = backend.bytesPeak - backend.bytesInUse
        var splits: [Int] = []
        runner.pass.onSplit = { tokens, _ in splits.append(tokens) }
        backend.memoryLimitBytes = backend.bytesInUse + needed * 7 / 10
        let pieces = try runner.accumulate(bench.examples).map(\.mean)
        // 31 tokens of task 0 and 40 of task 1: half of 71.
        #expect(splits == [35])
        #expect(zip(whole, pieces).allSatisfy { abs($0 - $1) < 1e-5 * abs($0) })

        backend.memoryLimitBytes = backend.bytesInUse
        let error = #expect(throws: TrainingError.self) {
            _ = try runner.accumulate(bench.examples)
        }
        #expect(error?.code == "out_of_memory")
    }

    /// α from a Gramian computed by hand out of separate passes over each task: the packed slots,
    /// the sweep and the tied table (counted once, with both of its uses) must agree with it.
    @Test("The Gramian of the slots is that of separate passes, the tied table counted once")
    func gramian() throws {
        let bench = try Bench(aggregation: MethodSpec("upgrad"))
        let runner = bench.runner
        let indices = runner.shared.indices
        #expect(runner.shared.others.count == 2)
        func gradients(_ task: Int) throws -> [Float] {
            let own = bench.examples.filter { $0.task == task }
            let rows = own.map { StepRow($0, weight: 1 / Double(own.count)) }
            _ = try runner.pass.run(rows, recording: true)
            return indices.flatMap { bench.model.parameters[$0].gradients[task]?.floats() ?? [] }
        }
        let parts = [try gradients(0), try gradients(1)]
        #expect(parts[0].count == parts[1].count)
        func product(_ i: Int, _ j: Int) -> Double {
            zip(parts[i], parts[j]).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        for pieces in [Int.max, 20] {
            runner.pass.tokensMax = pieces
            _ = try runner.accumulate(bench.examples)
            let sweep = runner.optimizer.gramian(of: indices, slots: 2).plain
            for i in 0..<2 {
                for j in 0..<2 {
                    let scale = (product(i, i) * product(j, j)).squareRoot()
                    #expect(abs(sweep[i * 2 + j] - product(i, j)) < 1e-5 * scale)
                }
            }
        }
    }

    /// The combined gradient formed outright, then one AdamW step on it: the fused step agrees.
    @Test("The fused step moves along Σ αg, clipped by its own norm; heads follow their task alone")
    func fused() throws {
        let fused = try Bench(aggregation: MethodSpec("mgda"))
        let plain = try Bench(aggregation: MethodSpec("mgda"))
        _ = try plain.runner.accumulate(plain.examples)
        let runner = plain.runner
        let gramian = Gramian(
            count: 2, values: runner.optimizer.gramian(of: runner.shared.indices, slots: 2).plain)
        var generator = SeededGenerator(1, 0)
        let alpha = try #require(runner.methods.aggregation)
            .coefficients(gramian, using: &generator)
        var sum = 0.0
        var combined: [[Float]] = []
        for (index, parameter) in plain.model.parameters.enumerated() {
            let isShared = runner.shared.contains(index)
            var total = [Float](repeating: 0, count: parameter.value.count)
            for (slot, gradient) in parameter.gradients.enumerated() {
                guard let gradient else { continue }
                let factor = isShared ? Float(alpha[slot]) : 1
                total = zip(total, gradient.floats()).map { $0 + factor * $1 }
            }
            sum += total.reduce(0) { $0 + Double($1) * Double($1) }
            combined.append(total)
        }
        let result = try fused.runner.step(fused.examples, learningRate: 1e-3)
        #expect(result.coefficients == alpha)
        #expect(abs(result.gradientNorm - sum.squareRoot()) < 1e-5 * sum.squareRoot())
        let scale = Float(min(1, 1 / sum.squareRoot()))
        for (index, parameter) in fused.model.parameters.enumerated() {
            // After one step the first moment is a tenth of the clipped gradient.
            let moment = fused.runner.optimizer.state(index).first.floats()
            expectClose(moment, combined[index].map { 0.1 * scale * $0 })
            #expect(parameter.value.floats() != plain.model.parameters[index].value.floats())
        }
    }

    @Test("With sum, a step is the one of equal weights")
    func sum() throws {
        let equal = try Bench(weighting: MethodSpec("equal"))
        let sum = try Bench(aggregation: MethodSpec("sum"))
        let first = try equal.runner.step(equal.examples, learningRate: 1e-3)
        let second = try sum.runner.step(sum.examples, learningRate: 1e-3)
        #expect(abs(first.gradientNorm - second.gradientNorm) < 1e-5 * first.gradientNorm)
        #expect(first.losses == second.losses)
    }

    @Test("A task without rows in the step keeps its head, and the aggregation does not see it")
    func absent() throws {
        let bench = try Bench(aggregation: MethodSpec("mean"))
        let head = try #require(bench.model.classifiers["mood"]).weight
        let before = head.value.floats()
        let replies = bench.examples.filter { $0.task == 1 }
        let result = try bench.runner.step(replies, learningRate: 1e-3)
        #expect(result.coefficients == [0, 1])
        #expect(head.value.floats() == before)
    }

    @Test("A gradient that is not finite names its task without another pass")
    func poisonedGradient() throws {
        let bench = try Bench(aggregation: MethodSpec("pcgrad"))
        let head = try #require(bench.model.classifiers["mood"]).weight.value
        // Logits stay finite; their gradient times the weight overflows on the way down.
        for i in 0..<head.count { head.pointer[i] = i % 2 == 0 ? 3e38 : -3e38 }
        let result = try bench.runner.step(bench.examples, learningRate: 1e-3)
        #expect(result.fault == .gradient(task: 0) || result.fault == .loss(task: 0))
    }
}
