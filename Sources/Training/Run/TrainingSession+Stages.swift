import Models
import Multitask
import NN
import Spec
import Tensor

extension TrainingSession {
    /// What all retention methods of the run need together; `nil` where it has none.
    static func retentionNeeds(_ spec: RunSpec) throws -> RetentionNeeds? {
        guard let methods = spec.retention, !methods.isEmpty else { return nil }
        let names = spec.tasks.map(\.name)
        return try methods.reduce(RetentionNeeds()) { sum, method in
            let needs = try Multitask.retention(method, tasks: names).needs
            guard let joined = sum.joined(with: needs) else {
                throw TrainingError(
                    code: "spec_invalid",
                    message: "retention names two methods that need the same thing; found "
                        + "\(method.method) beside one like it")
            }
            return joined
        }
    }

    /// Epochs that ended or are under way, over all stages.
    var epochsBefore: Int { position.stage * spec.epochs + position.epoch }

    var stage: StagePlan { stages[position.stage] }

    /// A stage that the base model has learnt stands where another stands after its last epoch: the
    /// scores before training are those of its end.
    func takeOverLearnt() throws {
        guard position.epoch < spec.epochs, let start = scores.last else { return }
        latestScores = start
        try watchScores()
        position.epoch = spec.epochs
        scores.append(start)
        markStage(ended: 1)
    }

    /// After the last epoch of a stage: keeps what matters of it and prepares the next. Nothing of
    /// that is in a checkpoint before it is complete.
    func endStage() throws {
        phase = "consolidating"
        // A checkpoint that is asked for meanwhile holds what was kept before.
        var next = retention
        try next?.ended(stage: position.stage, runner: runner) { [self] in
            report(now: false)
            try poll()
        }
        retention = next
        if let failure = backend.failure { throw failure }
        position.stage += 1
        position.epoch = 0
        position.stageStart = position.step
        guard position.stage < stages.count else { return }
        if spec.optimizer.restartsEachStage ?? true { runner.optimizer.restart() }
        try grow(stage: position.stage)
        beginStage()
        if retention != nil || worthCheckpoint { try writeCheckpoint() }
    }

    /// Another optimiser where the stage trains other parameters than the one before.
    func grow(stage: Int) throws {
        let names = spec.tasks.map(\.name)
        guard
            try model.grow(
                adaptation, stage: stage, tasks: stages[stage].tasks.map { names[$0] }, all: names,
                seed: spec.seed)
        else { return }
        let before = runner
        let trained = model.parameters.filter(\.isTrainable)
        let optimizer = AdamW(trained, before.optimizer.configuration, backend: backend)
        if let failure = backend.failure { throw failure }
        runner = StepRunner(
            model, tasks: before.tasks, optimizer: optimizer, methods: before.methods,
            clip: before.clip, backend: backend)
        runner.pass.tokensMax = before.pass.tokensMax
        runner.pass.onSplit = before.pass.onSplit
        probe = GradientProbe(runner)
    }

    /// Gives the step what the stage needs; also where a checkpoint is taken up.
    func beginStage() {
        guard position.stage < stages.count else { return }
        model.train(block: block, of: adaptation)
        runner.methods.hasReference = retention?.hasReference(position.stage) ?? false
        for parameter in runner.parameters {
            parameter.clearGradients()
            // The accumulators of tasks that are over go.
            let slots = parameter.slots
            parameter.slots = slots + 1
            parameter.slots = slots
        }
        runner.prepareSlots()
        recordSize()
        guard stages.count > 1 else { return }
        let names = stage.tasks.map { spec.tasks[$0].name }.joined(separator: ", ")
        let fresh = spec.optimizer.restartsEachStage ?? true
        let what =
            stage.isLearnt
            ? "learnt by the base model, not trained"
            : "moments and schedule \(fresh ? "start anew" : "go on")"
        observer.event(
            kind: "stage",
            message: "stage \(position.stage + 1) of \(stages.count): \(names); \(what)")
    }

    /// Says how large the model is where it grows from stage to stage.
    private func recordSize() {
        guard case .columns = adaptation else { return }
        func count(_ parameters: [Parameter]) -> Int {
            parameters.reduce(0) { $0 + $1.value.count }
        }
        let (all, own) = (count(model.parameters), count(runner.parameters))
        observer.event(
            kind: "adaptation",
            message: "\(model.networks.count) networks of \(all) parameters in all, of which "
                + "\(own) train; \(backend.bytesInUse / 1_000_000) MB in use")
        for (name, value) in [("parameters", all), ("memory_bytes", backend.bytesInUse)] {
            buffer.add(
                MetricPoint(
                    name: name, epoch: epochsBefore + 1, step: position.step,
                    value: Double(value)))
        }
    }

    /// Marks the step at which the scores of all tasks are those after a stage (0: before
    /// training), for whoever reads the metrics.
    /// - Parameter at: the step of an earlier evaluation, whose model the run went back to.
    func markStage(ended: Int, at step: Int? = nil) {
        buffer.add(
            MetricPoint(
                name: "stage_end", split: "validation", epoch: epochsBefore,
                step: step ?? position.step, value: Double(ended)))
    }
}
