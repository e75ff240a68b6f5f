// Times the trainer's own optimiser step on random tokens of fixed shapes.

package import Models
internal import Multitask
internal import NN
package import Spec
package import Tensor

/// Tasks of fixed shapes on a real model: the first half classification (two classes, last token
/// pooled), the others generation (a target at every position); by default one of each with 8
/// sequences of 64 tokens. More tasks share the same sequences, so that a step's tokens stay.
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
        /// Mean loss of each task before the step's update.
        package var losses: [Double]
    }

    private static let learningRate = 1e-5

    package let batch: Batch
    /// Tokens fed in one step.
    package var tokens: Int { examples.reduce(0) { $0 + $1.tokens.count } }
    private let examples: [Example]
    private let tasks: [TrainingTask]
    private let plain: StepRunner
    private let backend: any Backend

    /// - Parameters:
    ///   - model: gets classification heads; its weights move with every step.
    ///   - taskCount: even, at most twice the sequences.
    /// - Throws: `BackendFailure` when the optimiser's moments do not fit in memory.
    package init(
        _ model: Model, backend: any Backend, taskCount: Int = 2, sequences: Int = 8,
        length: Int = 64, seed: UInt64 = 1
    ) throws {
        precondition(taskCount % 2 == 0 && (2...2 * sequences).contains(taskCount))
        let vocabulary = model.backbone.configuration.vocabulary
        batch = Self.batch(vocabulary, sequences: sequences, length: length, seed: seed)
        let tasks = Self.tasks(taskCount)
        examples = Self.examples(batch, taskCount: taskCount)
        model.heads = []
        for (index, task) in tasks.enumerated() where task.kind == .classification {
            let head = HeadSpec(
                task: task.name, kind: task.kind.rawValue, labels: ["0", "1"], format: "raw",
                maxLength: length)
            model.addClassifier(head, seed: seed + UInt64(index))
        }
        let optimizer = AdamW(model.parameters, AdamWConfiguration(), backend: backend)
        if let failure = backend.failure { throw failure }
        plain = StepRunner(
            model, tasks: tasks, optimizer: optimizer, methods: StepMethods(), clip: 1,
            backend: backend)
        self.tasks = tasks
        self.backend = backend
    }

    /// Times `steps` full optimiser steps (forward, backward, clipping, AdamW) after `warmup`
    /// untimed ones, plain.
    package func run(steps: Int, warmup: Int = 2) throws -> [Timing] {
        plain.prepareSlots()
        for _ in 0..<warmup { _ = try time(plain) }
        return try (0..<steps).map { _ in try time(plain) }
    }

    /// What a method costs over plain steps.
    package struct Cost: Sendable, Equatable {
        /// Times in pairs, which of the two comes first alternating from pair to pair.
        package var ratios: [Double]
        /// Live bytes after a step, over those after a plain one: weights, moments, gradients.
        package var memory: Double
    }

    /// - Parameter method: of the families weighting or aggregation, or a retention method that
    ///   needs an anchor, replayed rows or reference rows.
    package func cost(
        of method: MethodSpec, _ family: MethodDescriptor.Family, pairs: Int = 20, warmup: Int = 2
    ) throws -> Cost {
        let needs =
            family == .retention
            ? try Multitask.retention(method, tasks: tasks.map(\.name)).needs : RetentionNeeds()
        let runner = try self.runner(method, family)
        runner.methods.hasReference = needs.reference != nil
        let rows = stepRows(needs, runner)
        let anchor = needs.anchor == nil ? nil : makeAnchor()
        let penalties = anchor?.penalties(strength: 1)
        let path =
            if case .path = needs.anchor?.importance {
                PathIntegral(plain.optimizer.parameters, backend: backend)
            } else { nil as PathIntegral? }
        let pathBytes = path?.parts.reduce(0) { $0 + 8 * $1.sum.count } ?? 0
        var bytes = (method: 0, plain: 0)
        for _ in 0..<warmup {
            _ = try time(runner, penalties, rows, path)
            bytes.method = backend.bytesInUse
            _ = try time(plain)
            // The anchor lies there during plain steps too.
            bytes.plain = backend.bytesInUse - (anchor?.bytes ?? 0) - pathBytes
        }
        let ratios = try (0..<pairs).map { pair in
            let isFirst = pair % 2 == 0
            func own() throws -> Timing { try time(runner, penalties, rows, path) }
            let first = try (isFirst ? own() : time(plain)).seconds
            let second = try (isFirst ? time(plain) : own()).seconds
            return isFirst ? first / second : second / first
        }
        return Cost(ratios: ratios, memory: Double(bytes.method) / Double(max(1, bytes.plain)))
    }

    /// What the measurement of gradients beside the training costs, over the steps from one to the
    /// next.
    package func probeCost(pairs: Int = 20) throws -> Cost {
        let probe = GradientProbe(plain)
        let ratios = try (0..<pairs).map { _ in
            let step = try time(plain).seconds
            let clock = Stopwatch()
            _ = try probe.measure(examples)
            return 1 + clock.seconds / (Double(GradientProbe.stepsBetween) * step)
        }
        return Cost(ratios: ratios, memory: 1)
    }

    /// What importances cost: seconds for the step's rows, over those of a plain step on them.
    package func importanceCost(pairs: Int = 5) throws -> Cost {
        let byTask = tasks.indices.map { task in examples.filter { $0.task == task } }
        let ratios = try (0..<pairs).map { _ in
            let step = try time(plain).seconds
            let clock = Stopwatch()
            _ = try ImportanceEstimator(
                runner: plain, backend: backend, importance: .score(.sampled), seed: 1
            ).estimate(byTask) {}
            return clock.seconds / step
        }
        return Cost(ratios: ratios, memory: 1)
    }

    /// The step's rows and those that retention brings.
    private func stepRows(_ needs: RetentionNeeds, _ runner: StepRunner) -> [StepRow] {
        func extra(_ rate: Double?) -> [Example] {
            (0..<Int((rate ?? 0) * Double(examples.count))).map { examples[$0 % examples.count] }
        }
        let compared = extra(needs.reference?.rate)
        return (examples + extra(needs.replay?.rate)).map { StepRow($0) }
            + compared.map {
                StepRow($0, span: runner.referenceSpan, weight: 1 / Double(compared.count))
            }
    }

    /// An anchor on every parameter, where it stands.
    private func makeAnchor() -> QuadraticAnchor {
        let parameters = plain.model.parameters
        let anchor = QuadraticAnchor(parameters, backend: backend)
        for (index, parameter) in parameters.enumerated() {
            let ones = Tensor(
                [Float](repeating: 1, count: parameter.value.count), parameter.value.shape,
                backend: backend)
            anchor.join([index: ones], decay: nil)
        }
        return anchor
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

    private static func tasks(_ count: Int) -> [TrainingTask] {
        (0..<count).map { index in
            let kind: TaskKind = index < count / 2 ? .classification : .generation
            return TrainingTask(name: "\(kind.rawValue)-\(index + 1)", kind: kind)
        }
    }

    private func runner(
        _ method: MethodSpec, _ family: MethodDescriptor.Family
    ) throws -> StepRunner {
        let names = tasks.map(\.name)
        var methods = StepMethods()
        switch family {
        case .weighting: methods.weighting = try Multitask.weighting(method, tasks: names)
        case .aggregation: methods.aggregation = try Multitask.aggregation(method, tasks: names)
        case .mixing, .curriculum, .retention, .adaptation: break
        }
        return StepRunner(
            plain.model, tasks: tasks, optimizer: plain.optimizer, methods: methods,
            clip: plain.clip, backend: backend)
    }

    /// Slots change hands before the clock starts. A change drops the accumulators' memory; the
    /// backend keeps it, so a step takes it back without the system's help.
    private func time(
        _ runner: StepRunner, _ penalties: Penalties? = nil, _ rows: [StepRow]? = nil,
        _ path: PathIntegral? = nil
    ) throws -> Timing {
        runner.prepareSlots()
        let clock = Stopwatch()
        let result = try runner.step(
            rows ?? examples.map { StepRow($0) }, learningRate: Self.learningRate,
            penalties: penalties, path: path)
        return Timing(seconds: clock.seconds, losses: result.losses.compactMap { $0 })
    }

    private static func batch(
        _ vocabulary: Int, sequences: Int, length: Int, seed: UInt64
    ) -> Batch {
        var generator = SeededGenerator(seed, 2)
        func token() -> Int32 {
            Int32(generator.index(below: vocabulary))
        }
        let classified = (0..<sequences).map { _ in (0..<length).map { _ in token() } }
        let texts = (0..<sequences).map { _ in (0...length).map { _ in token() } }
        return Batch(
            vocabulary: vocabulary, classes: 2, classificationTokens: classified,
            labels: (0..<sequences).map { Int32($0 % 2) },
            generationTokens: texts.map { Array($0.dropLast()) },
            generationTargets: texts.map { Array($0.dropFirst()) })
    }

    private static func examples(_ batch: Batch, taskCount: Int) -> [Example] {
        let half = taskCount / 2
        let labelled = zip(batch.classificationTokens, batch.labels).enumerated()
        let texts = zip(batch.generationTokens, batch.generationTargets).enumerated()
        return labelled.map { Example(task: $0 % half, tokens: $1.0, targets: [$1.1]) }
            + texts.map { Example(task: half + $0 % half, tokens: $1.0, targets: $1.1) }
    }
}
