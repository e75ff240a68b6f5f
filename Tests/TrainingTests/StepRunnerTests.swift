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

    init(weighting: MethodSpec?) throws {
        files = try TinyRun()
        model = try files.model()
        let head = HeadSpec(
            task: "mood", kind: "classification", labels: ["a", "b"], format: "raw",
            maxLength: 64)
        model.addClassifier(head, seed: 5)
        let tasks = [
            TrainingTask(name: "mood", kind: .classification),
            TrainingTask(name: "reply", kind: .generation),
        ]
        runner = StepRunner(
            model, tasks: tasks,
            optimizer: AdamW(model.parameters, AdamWConfiguration(), backend: files.backend),
            weighting: try weighting.map { try Multitask.weighting($0, tasks: ["mood", "reply"]) },
            clip: 1, backend: files.backend)
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
            let weights = own.map { _ in 1 / Double(own.count) }
            _ = try runner.pass.run(own, weights: weights)
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
            let before = runner.weighting?.weights
            let result = try runner.step(bench.examples, learningRate: 1e-3)
            #expect(result.weights == before)
            #expect(result.fault == nil)
        }
        let weights = try #require(runner.weighting?.weights)
        #expect(weights != [1, 1])
        #expect(abs(weights[0] + weights[1] - 2) < 1e-12)
        _ = try runner.accumulate(bench.examples)
        let weighted = bench.model.backbone.lastSharedMatrix.gradientNorm(slot: 0)
        runner.weighting = try Multitask.weighting(
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
}
