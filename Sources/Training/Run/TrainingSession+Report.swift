import Multitask
import Spec

extension TrainingSession {
    private static let progressSeconds = 0.5

    /// The points of one applied step.
    func record(_ result: StepResult, learningRate: Double, seconds: Double) {
        func add(_ name: String, _ value: Double, task: String = "") {
            buffer.add(
                MetricPoint(
                    task: task, name: name, epoch: epochsBefore + 1, step: position.step,
                    value: value))
        }
        for (index, task) in spec.tasks.enumerated() {
            if let loss = result.losses[index] { add("loss", loss, task: task.name) }
            if let weights = result.weights {
                add("loss_weight", weights[index], task: task.name)
            }
            guard result.losses[index] != nil else { continue }
            if let norms = result.taskNorms {
                add("task_grad_norm", norms[index], task: task.name)
            }
            if let coefficients = result.coefficients {
                add("gradient_coefficient", coefficients[index], task: task.name)
            }
        }
        add("grad_norm", result.gradientNorm)
        add("learning_rate", learningRate)
        add("tokens_per_second", Double(result.tokens) / max(seconds, 1e-9))
    }

    /// Which share of the epoch's draws each task got, and how many of its rows were trained on,
    /// replayed ones included.
    func recordShares(_ steps: [[RunPlan.Draw]]) {
        var counts = spec.tasks.map { _ in 0 }
        for draw in steps.joined() { counts[draw.task] += 1 }
        let total = Double(counts.reduce(0, +))
        for (index, task) in spec.tasks.enumerated() {
            let trained = Double(position.rows[index] ?? 0)
            for (name, value) in [
                ("sample_share", Double(counts[index]) / total),
                (InterferenceReport.rowsSampled, trained),
            ] {
                buffer.add(
                    MetricPoint(
                        task: task.name, name: name, epoch: epochsBefore + 1,
                        step: position.step, value: value))
            }
        }
    }

    /// How many rows are behind each task's scores.
    func recordHeldOut() {
        for task in data {
            buffer.add(
                MetricPoint(
                    task: task.spec.name, name: InterferenceReport.validationRows,
                    split: InterferenceReport.split, epoch: 0, step: 0,
                    value: Double(task.validation.count)))
        }
    }

    /// Sends metrics and progress; at most about twice a second unless `now`.
    func report(now: Bool) {
        let points = buffer.take(now: now)
        if !points.isEmpty { observer.metrics(points) }
        guard now || sinceProgress.seconds >= Self.progressSeconds else { return }
        sinceProgress.reset()
        updateSeconds()
        observer.progress(progress())
    }

    /// Brings the run's own clock up to date.
    func updateSeconds() {
        position.trainingSeconds += watch.seconds
        watch.reset()
    }

    func progress() -> TrainingProgress {
        var progress = TrainingProgress()
        progress.step = position.step
        progress.steps = stages.reduce(0) { $0 + $1.rows.steps }
        progress.epoch =
            position.step == 0 ? 0 : min(epochsBefore + 1, spec.epochs * stages.count)
        progress.tokens = position.tokens
        progress.tokensPerSecond = estimate.tokensPerSecond
        progress.trainingSeconds = position.trainingSeconds
        progress.phase = phase
        progress.etaSeconds =
            phase == "saving"
            ? estimate.secondsPerCheckpoint ?? 0
            : estimate.remaining(
                trainingTokens: trainingTokensLeft,
                evaluationTokens: evaluationTokensLeft,
                checkpointSeconds: spec.checkpointSeconds)
        return progress
    }

    private var trainingTokensLeft: Int {
        guard position.stage < stages.count else { return 0 }
        let later = stages[(position.stage + 1)...].flatMap(\.tokensByEpoch).reduce(0, +)
        let epochs = stage.tokensByEpoch.dropFirst(position.epoch)
        let steps = stage.rows.stepsByEpoch.dropFirst(position.epoch).first ?? 1
        let done = Double(position.index) / Double(max(1, steps)) * (epochs.first ?? 0)
        return Int(max(0, later + epochs.reduce(0, +) - done))
    }

    private var evaluationTokensLeft: EvaluationTokens {
        func tokens(_ rows: KeyPath<TaskData, [Example]>) -> EvaluationTokens {
            data.reduce(into: EvaluationTokens()) { sum, task in
                sum.add(Self.tokens(task[keyPath: rows]), isWritten: task.isWritten)
            }
        }
        let baseline = phase == "evaluating" && position.step == 0 ? 1 : 0
        let learnt = stages[0].isLearnt ? spec.epochs : 0
        let evaluations = spec.epochs * stages.count - max(epochsBefore, learnt) + baseline
        return evaluations * tokens(\.validation) + tokens(\.test) - evaluationDone
    }
}
