import CPUBackend
import Models
import Multitask
import NN
import Spec
import Tensor
import TestSupport
import Testing

@testable import Training

/// Two tasks of every kind that a family can learn, in one packed pass.
@Suite struct KindGradientTests {
    private struct Bench {
        let folder: TemporaryFolder
        let backend = CPUBackend(threads: 1)
        let model: Model
        let runner: StepRunner
        let examples: [Example]

        init(_ family: TinyFamily) throws {
            folder = try TemporaryFolder()
            model = try family.model(in: folder.path, backend: backend)
            let tasks = (family.kinds + family.kinds).enumerated().map {
                TrainingTask(name: "\($1.rawValue)-\($0)", kind: $1)
            }
            for (index, task) in tasks.enumerated() {
                let count = task.kind == .regression ? 1 : 3
                let head = HeadSpec(
                    task: task.name, kind: task.kind.rawValue,
                    labels: (0..<count).map { "\($0)" }, format: "raw", maxLength: 64)
                try model.check(head)
                model.addClassifier(head, seed: UInt64(index))
            }
            runner = StepRunner(
                model, tasks: tasks,
                optimizer: AdamW(model.parameters, AdamWConfiguration(), backend: backend),
                methods: StepMethods(
                    aggregation: try Multitask.aggregation(
                        MethodSpec("mean"), tasks: tasks.map(\.name))),
                clip: 1, backend: backend)
            var generator = SeededGenerator(4)
            var examples: [Example] = []
            for (index, task) in tasks.enumerated() {
                for count in [7, 4, 11] {
                    examples.append(Self.example(task.kind, index, count, model, &generator))
                }
            }
            self.examples = examples
        }

        private static func example(
            _ kind: TaskKind, _ task: Int, _ count: Int, _ model: Model,
            _ generator: inout SeededGenerator
        ) -> Example {
            let vocabulary = model.tokenizer.vocabularySize
            func tokens(_ count: Int) -> [Int32] {
                (0..<count).map { _ in Int32(generator.index(below: vocabulary)) }
            }
            let label = Int32(count % 3)
            switch kind {
            case .classification:
                return Example(task: task, tokens: tokens(count), targets: [label])
            case .pairClassification:
                var example = Example(task: task, tokens: tokens(count), targets: [label])
                example.types = (0..<count).map { $0 < count / 2 ? 0 : 1 }
                return example
            case .multiLabel:
                return Example(task: task, tokens: tokens(count), values: [1, 0, Float(label % 2)])
            case .regression:
                return Example(task: task, tokens: tokens(count), values: [Float(label) - 0.5])
            case .tokenClassification:
                var example = Example(task: task, tokens: tokens(count), targets: [2, label])
                example.places = [1, Int32(count) - 2]
                return example
            case .generation:
                return Example(task: task, sequence: tokens(count), targetStart: count / 2)
            case .sequenceToSequence:
                return Example(task: task, reading: tokens(count), writing: tokens(12 - count))
            }
        }

        /// The gradient of one task's mean loss, by parameter.
        func gradients(_ task: Int, slot: Int) -> [[Float]] {
            model.parameters.map { $0.gradients[slot]?.floats() ?? [] }
        }
    }

    /// Spans belong to row spaces: tokens, pooled rows, places, target rows, encoder, decoder.
    @Test(
        "Each task's whole gradient from one packed pass equals a pass of that task alone",
        arguments: TinyFamily.allCases)
    func perTask(family: TinyFamily) throws {
        let bench = try Bench(family)
        let runner = bench.runner
        let rows = runner.weighted(bench.examples.map { StepRow($0) }).rows
        let together = try runner.pass.run(rows, recording: true)
        let packed = runner.tasks.indices.map { bench.gradients($0, slot: $0) }
        for task in runner.tasks.indices {
            let own = rows.filter { $0.example.task == task }
            let losses = try runner.pass.run(own, recording: true)
            let before = zip(rows, together).filter { $0.0.example.task == task }.map(\.1.mean)
            for (a, b) in zip(losses.map(\.mean), before) { #expect(abs(a - b) < 1e-5 * abs(b)) }
            let alone = bench.gradients(task, slot: task)
            // Of the whole gradient: sums in another order differ by float rounding.
            let scale = alone.joined().reduce(0) { max($0, abs($1)) }
            #expect(scale > 0)
            for (index, parameter) in bench.model.parameters.enumerated() {
                let pair = (packed[task][index], alone[index])
                #expect(pair.0.count == pair.1.count, "\(parameter.name)")
                let isEqual = zip(pair.0, pair.1).allSatisfy { abs($0 - $1) <= 3e-5 * scale }
                #expect(isEqual, "\(runner.tasks[task].name): \(parameter.name)")
            }
        }
    }

    @Test(
        "Pieces of a batch have the losses and the gradient of the whole",
        arguments: TinyFamily.allCases)
    func pieces(family: TinyFamily) throws {
        let bench = try Bench(family)
        let runner = bench.runner
        let rows = runner.weighted(bench.examples.map { StepRow($0) }).rows
        let whole = try runner.pass.run(rows, recording: true)
        let norm = runner.optimizer.gradientNorm()
        runner.pass.tokensMax = 25
        let pieces = try runner.pass.run(rows, recording: true)
        for (a, b) in zip(whole, pieces) {
            #expect(a.targets == b.targets && a.logits.count == b.logits.count)
            #expect(abs(a.lossSum - b.lossSum) < 1e-5 * abs(a.lossSum))
        }
        #expect(abs(runner.optimizer.gradientNorm() - norm) < 1e-5 * norm)
    }
}
