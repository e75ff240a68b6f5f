// Times the trainer's own optimiser step on random tokens of fixed shapes.

package import Models
internal import Multitask
internal import NN
package import Spec
package import Tensor

/// Two tasks of fixed shapes on a real model: classification (two classes, last token pooled) and
/// generation (a target at every position), by default 8 sequences of 64 tokens each.
package final class StepBenchmark {
    /// The batch, for a peer that is to run the same shapes.
    package struct Batch: Codable, Sendable, Equatable {
        package var vocabulary: Int
        package var classes: Int
        /// Fed token ids and one label each.
        package var classificationTokens: [[Int32]]
        package var labels: [Int32]
        /// Fed token ids, and the target of each position.
        package var generationTokens: [[Int32]]
        package var generationTargets: [[Int32]]
    }

    package struct Timing: Sendable, Equatable {
        package var seconds: Double
        /// Mean loss of the two tasks before the step's update.
        package var losses: [Double]
    }

    private static let taskNames = ["classification", "generation"]
    private static let learningRate = 1e-5

    package let batch: Batch
    /// Tokens fed in one step.
    package var tokens: Int { examples.reduce(0) { $0 + $1.tokens.count } }
    private let examples: [Example]
    private let plain: StepRunner
    private let backend: any Backend

    /// - Parameter model: gets a classification head; its weights move with every step.
    /// - Throws: `BackendFailure` when the optimiser's moments do not fit in memory.
    package init(
        _ model: Model, backend: any Backend, sequences: Int = 8, length: Int = 64,
        seed: UInt64 = 1
    ) throws {
        let vocabulary = model.backbone.configuration.vocabulary
        batch = Self.batch(vocabulary, sequences: sequences, length: length, seed: seed)
        examples = Self.examples(batch)
        let head = HeadSpec(
            task: Self.taskNames[0], kind: TaskKind.classification.rawValue, labels: ["0", "1"],
            format: "raw", maxLength: length)
        model.addClassifier(head, seed: seed)
        let optimizer = AdamW(model.parameters, AdamWConfiguration(), backend: backend)
        if let failure = backend.failure { throw failure }
        plain = StepRunner(
            model, tasks: Self.tasks, optimizer: optimizer, weighting: nil, clip: 1,
            backend: backend)
        self.backend = backend
    }

    /// Times `steps` full optimiser steps (forward, backward, clipping, AdamW) after `warmup`
    /// untimed ones, with the weighting method or, for `nil`, plain.
    package func run(
        steps: Int, warmup: Int = 2, weighting: MethodSpec? = nil
    ) throws -> [Timing] {
        let runner = try weighting.map(weighted) ?? plain
        runner.prepareSlots()
        for _ in 0..<warmup { _ = try time(runner) }
        return try (0..<steps).map { _ in try time(runner) }
    }

    /// Steps with the method over plain ones: times in pairs, which of the two comes first
    /// alternating from pair to pair.
    package func pairedRatios(
        weighting: MethodSpec, pairs: Int = 20, warmup: Int = 2
    ) throws -> [Double] {
        let method = try weighted(weighting)
        for _ in 0..<warmup {
            _ = try time(method)
            _ = try time(plain)
        }
        return try (0..<pairs).map { pair in
            let first = try time(pair % 2 == 0 ? method : plain).seconds
            let second = try time(pair % 2 == 0 ? plain : method).seconds
            return pair % 2 == 0 ? first / second : second / first
        }
    }

    /// The median of values (at least one) and the upper end of its 95 % interval: the order
    /// statistic of rank ⌈n/2 + 0.98·√n⌉, from the binomial of signs.
    package static func median(_ values: [Double]) -> (median: Double, upper: Double) {
        let sorted = values.sorted()
        let count = sorted.count
        let middle = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
        let rank = (Double(count) / 2 + 0.98 * Double(count).squareRoot()).rounded(.up)
        return (middle, sorted[min(count, Int(rank)) - 1])
    }

    private static var tasks: [TrainingTask] {
        [
            TrainingTask(name: taskNames[0], kind: .classification),
            TrainingTask(name: taskNames[1], kind: .generation),
        ]
    }

    private func weighted(_ spec: MethodSpec) throws -> StepRunner {
        StepRunner(
            plain.model, tasks: plain.tasks, optimizer: plain.optimizer,
            weighting: try Multitask.weighting(spec, tasks: Self.taskNames), clip: plain.clip,
            backend: backend)
    }

    /// Slots change hands before the clock starts. A change drops the accumulators' memory; the
    /// backend keeps it, so a step takes it back without the system's help.
    private func time(_ runner: StepRunner) throws -> Timing {
        runner.prepareSlots()
        let clock = Stopwatch()
        let result = try runner.step(examples, learningRate: Self.learningRate)
        return Timing(seconds: clock.seconds, losses: result.losses.compactMap { $0 })
    }

    private static func batch(
        _ vocabulary: Int, sequences: Int, length: Int, seed: UInt64
    ) -> Batch {
        var generator = SeededGenerator(seed, 2)
        func token() -> Int32 {
            Int32(generator.next().multipliedFullWidth(by: UInt64(vocabulary)).high)
        }
        let classified = (0..<sequences).map { _ in (0..<length).map { _ in token() } }
        let texts = (0..<sequences).map { _ in (0...length).map { _ in token() } }
        return Batch(
            vocabulary: vocabulary, classes: 2, classificationTokens: classified,
            labels: (0..<sequences).map { Int32($0 % 2) },
            generationTokens: texts.map { Array($0.dropLast()) },
            generationTargets: texts.map { Array($0.dropFirst()) })
    }

    private static func examples(_ batch: Batch) -> [Example] {
        zip(batch.classificationTokens, batch.labels).map {
            Example(task: 0, tokens: $0, targets: [$1])
        }
            + zip(batch.generationTokens, batch.generationTargets).map {
                Example(task: 1, tokens: $0, targets: $1)
            }
    }
}
