// One run from its spec to its final model. This file: what it consists of, and the loop.

import Models
import Multitask
import NN
import Spec
import Tensor

/// A run under way: model, data, plan and position.
final class TrainingSession {
    /// Steps in a row that may be skipped for values that are not finite before the run fails.
    static let skippedInRowMax = 10

    let spec: RunSpec
    let inputs: TrainingInputs
    let backend: any Backend
    let observer: any TrainingObserver
    let model: Model
    let adaptation: AdaptationNeeds
    let data: [TaskData]
    let stages: [StagePlan]
    var runner: StepRunner
    let evaluator: Evaluator
    var probe: GradientProbe
    var warning: EarlyWarning
    var best: BestWeights
    let representations: RepresentationProbe
    let generalText: GeneralText?
    var retention: Retention?
    let orthogonality: Orthogonality?
    var position = RunPosition()
    /// The tasks' scores before training and after each stage, each in its own metric.
    var scores: [[Double]] = []
    var latestScores: [Double] = []
    var estimate = TimeEstimate()
    var buffer = MetricBuffer()
    var phase = "loading"
    /// Since `position.trainingSeconds` was last brought up to date.
    var watch = Stopwatch()
    var sinceCheckpoint = Stopwatch()
    var sinceProgress = Stopwatch()
    /// The evaluation under way: tokens done. For the estimate.
    var evaluationDone = EvaluationTokens()

    init(
        _ spec: RunSpec, inputs: TrainingInputs, backend: any Backend,
        observer: any TrainingObserver
    ) throws {
        self.spec = spec
        self.inputs = inputs
        self.backend = backend
        self.observer = observer
        observer.progress(TrainingProgress())
        let shape = try Self.validated(spec, backend)
        backend.precision = ProductPrecision(rawValue: spec.dtype) ?? .fp32
        let names = spec.tasks.map(\.name)
        let methods = try Self.methods(spec)
        let mixing = try Multitask.mixing(spec.mixing, tasks: names)
        adaptation = try Self.adaptationNeeds(spec)
        model = try Model(base: inputs.base, weights: inputs.weights, backend: backend)
        try model.takeUp(adaptation)
        if let failure = backend.failure { throw failure }

        observer.progress(TrainingProgress(phase: "preparing"))
        data = try Self.load(spec, inputs, model)
        let lengths = data.map { $0.training.map(\.length) }
        let needs = try Self.retentionNeeds(spec)
        let curriculum = try Self.curriculum(spec, data, model, observer)
        stages = try StagePlan.stages(
            spec, shape: shape, lengths: lengths,
            mixing: mixing, replay: needs?.extraRows ?? 0, curriculum: curriculum)
        try Self.addHeads(model, data, spec)
        try model.adapt(
            to: adaptation, tasks: names, stages: spec.trainedStagePlaces.count, seed: spec.seed)
        let tasks = spec.tasks.map { TrainingTask(name: $0.name, kind: $0.kind) }
        var configuration = AdamWConfiguration()
        configuration.weightDecay = Float(spec.optimizer.weightDecay)
        let constants = spec.optimizer.constants
        configuration.beta1 = Float(constants.beta1)
        configuration.beta2 = Float(constants.beta2)
        configuration.epsilon = Float(constants.epsilon)
        let trained = model.parameters.filter(\.isTrainable)
        let optimizer = AdamW(trained, configuration, backend: backend)
        if let failure = backend.failure { throw failure }
        runner = StepRunner(
            model, tasks: tasks, optimizer: optimizer, methods: methods,
            clip: spec.optimizer.clip, backend: backend)
        probe = GradientProbe(runner)
        evaluator = Evaluator(model, tasks: tasks, backend: backend)
        warning = EarlyWarning(
            spec.earlyWarning ?? EarlyWarningSpec(), metrics: spec.tasks.map(\.judgedBy))
        best = BestWeights(backend: backend)
        representations = RepresentationProbe(
            model, tasks: names, heldOut: data.map(\.validation),
            epochTokens: stages.flatMap(\.tokensByEpoch).min() ?? 0, seed: spec.seed,
            backend: backend)
        generalText = GeneralText(
            model, tasks: spec.tasks, trainsBackbone: Self.trainsBackbone(adaptation),
            backend: backend)
        retention = needs.map { [stages, data, runner] in
            Retention(
                $0, stages: stages.map(\.tasks), data: data.map(\.training),
                labels: data.map { task in
                    [.classification, .pairClassification].contains(task.spec.kind)
                        ? task.training.map { $0.targets[0] } : []
                }, seed: spec.seed, parameters: trained, shared: runner.shared,
                backend: backend)
        }
        orthogonality = model.orthogonality(adaptation, among: trained)
        if let failure = backend.failure { throw failure }
        try checkShared()
        announce()
        representations.begin()
        if let path = inputs.checkpoint { try restore(path) }
        beginStage()
        watchMemory()
    }

    /// - Throws: `Interruption` when the owner asks for it; `TrainingError`.
    func run() throws -> TrainingOutcome {
        watch.reset()
        sinceCheckpoint.reset()
        defer { report(now: true) }
        if scores.isEmpty {
            try evaluate(.validation)
            recordHeldOut()
            try measureGeneralText()
            scores = [latestScores]
            markStage(ended: 0)
        }
        while position.stage < stages.count, !position.isStopped {
            if stage.isLearnt { try takeOverLearnt() }
            while position.epoch < spec.epochs, !position.isStopped { try runEpoch() }
            if !position.isStopped { try endStage() }
        }
        try drawMap()
        try evaluate(.test)
        phase = "saving"
        report(now: true)
        let path = "\(inputs.scratch)/model.safetensors"
        try model.joinAdapters()
        try model.save(to: path, includesBackbone: model.hasOwnBackbone || trainsBackbone)
        updateSeconds()
        return .finished(
            modelPath: path, parameters: model.parameters.reduce(0) { $0 + $1.value.count },
            progress())
    }

    var trainsBackbone: Bool { Self.trainsBackbone(adaptation) }

    private static func trainsBackbone(_ adaptation: AdaptationNeeds) -> Bool {
        switch adaptation {
        case .backbone, .columns: true
        case .nothing, .adapters: false
        }
    }

    private func runEpoch() throws {
        let steps = stage.rows.epoch(position.epoch)
        phase = "training"
        while position.index < steps.count {
            try poll()
            try train(steps[position.index])
            if sinceCheckpoint.seconds >= spec.checkpointSeconds { try writeCheckpoint() }
        }
        recordShares(steps)
        // The evaluation belongs to the epoch that ends; a checkpoint made during it repeats it.
        try evaluate(.validation)
        runner.methods.weighting?.epochEnded()
        try watchScores()
        // Of the model that is kept, should an earlier one have been put back.
        measureDrift()
        try measureGeneralText()
        position.epoch += 1
        position.index = 0
        position.rows = [:]
        if position.isStopped || position.epoch == spec.epochs {
            scores.append(latestScores)
            let at = position.isStopped ? best.step : nil
            // A stage that was undone as a whole left no scores of its own.
            if at.map({ $0 > position.stageStart }) ?? true {
                markStage(ended: position.stage + 1, at: at)
            }
        }
        if worthCheckpoint { try writeCheckpoint() }
    }

    /// One optimiser step and its metrics.
    private func train(_ draws: [RunPlan.Draw]) throws {
        let clock = Stopwatch()
        let restarts = spec.optimizer.restartsEachStage ?? true
        let rate = stage.schedule.rate(
            step: position.step - (restarts ? position.stageStart : 0))
        let rows =
            retention?.rows(
                draws, stage: position.stage, step: drawNumber,
                referenceSpan: runner.referenceSpan)
            ?? draws.map { StepRow(data[$0.task].training[$0.row]) }
        try diagnose(draws, rows, learningRate: rate)
        let result = try runner.step(
            rows, learningRate: rate, number: drawNumber, penalties: penalties,
            path: retention?.path(stage: position.stage))
        let seconds = clock.seconds
        position.index += 1
        position.step += 1
        position.tokens += result.tokens
        retention?.stepped(position.step - position.stageStart, of: stage.rows.steps)
        estimate.trained(tokens: result.tokens, seconds: seconds)
        if let fault = result.fault {
            try skip(fault)
        } else {
            position.skippedInRow = 0
            for row in rows where row.span != runner.referenceSpan {
                position.rows[row.example.task, default: 0] += 1
            }
            retention?.trained(draws, stage: position.stage, result)
            record(result, learningRate: rate, seconds: seconds)
        }
        report(now: false)
    }

    /// What is added to a step's gradient, of what is kept of earlier stages.
    private var penalties: Penalties? {
        guard let orthogonality else { return retention?.penalties }
        var penalties = retention?.penalties ?? Penalties()
        penalties.gradients = orthogonality.gradients(block: block)
        return penalties
    }

    /// Which of the stages that the run trains is under way; the first where that is to come.
    var block: Int { max(0, position.stage - (stages.count - spec.trainedStagePlaces.count)) }

    /// What a step's draws follow from beside the seed: the stage and the step within it, so that a
    /// stage draws the same whether those before it are part of the run or were learnt before.
    var drawNumber: Int { position.stage << 40 | (position.step - position.stageStart) }

    /// Counts a step that was not applied.
    /// - Throws: `TrainingError` `diverged` after too many in a row.
    private func skip(_ fault: StepResult.Fault) throws {
        position.skipped += 1
        position.skippedInRow += 1
        let (what, task) =
            switch fault {
            case .loss(let task): ("loss", spec.tasks[task].name)
            case .gradient(let task): ("gradient", spec.tasks[task].name)
            }
        guard position.skippedInRow < Self.skippedInRowMax else {
            throw TrainingError(
                code: "diverged",
                message: "step \(position.step), task \(task): the \(what) is not finite, in "
                    + "\(position.skippedInRow) steps in a row; lower optimizer.learning_rate")
        }
        observer.event(
            kind: "step_skipped",
            message: "step \(position.step) was skipped: the \(what) of task \(task) is not "
                + "finite (\(position.skipped) skipped in all)")
    }

    /// What the owner wants, between steps and between evaluation batches.
    func poll() throws {
        switch observer.directive() {
        case .proceed: return
        case .checkpoint: try writeCheckpoint()
        case .cancel: throw Interruption.cancelled
        case .pause:
            try writeCheckpoint()
            throw Interruption.paused
        }
    }
}
