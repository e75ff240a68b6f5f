import Models
import Multitask
import Spec
import Tensor

extension TrainingSession {
    /// After an evaluation in the middle of the run: says which tasks are being lost, and does
    /// what the policy asks for.
    func watchScores() throws {
        if retention?.mergesAtStageEnd == true, position.epoch + 1 < spec.epochs { return }
        let trained = Set(stages.prefix(position.stage + 1).flatMap(\.tasks))
        let alarms = warning.observe(latestScores, step: position.step, trained: trained)
        for alarm in alarms { announce(alarm) }
        switch warning.settings.policy {
        case .none: break
        case .stop:
            guard !alarms.isEmpty else { break }
            position.isStopped = true
            observer.event(
                kind: "stopped_early",
                message: "training ends at step \(position.step), as early_warning.policy asks")
        case .restoreBest:
            if alarms.isEmpty, warning.isHealthy(latestScores) {
                best.take(runner.parameters, step: position.step, scores: latestScores)
                if let failure = backend.failure { throw failure }
            } else if !alarms.isEmpty {
                goBack()
            }
        case .strengthenRetention:
            if !alarms.isEmpty { strengthenRetention() }
        }
    }

    private func goBack() {
        guard let step = best.step else { return }
        best.putBack(model.parameters)
        latestScores = best.scores
        position.isStopped = true
        observer.event(
            kind: "best_restored",
            message: "training ends with the model of step \(step), the newest evaluation in "
                + "which no task had fallen by more than \(warning.settings.drop)")
    }

    private func strengthenRetention() {
        guard retention?.strengthen(stage: position.stage) == true, let retention else { return }
        observer.event(
            kind: "retention_strengthened",
            message:
                "what retention methods weigh is now \(Figure.shown(retention.strength)) times what the "
                + "run asks for (of replayed rows at most 4 for a new one)")
    }

    private func announce(_ alarm: EarlyWarning.Alarm) {
        let task = spec.tasks[alarm.task]
        let fall = Figure.shown(alarm.fall)
        let amount = task.judgedBy.isShare ? fall : "\(Figure.shown(100 * alarm.fall)) %"
        observer.event(
            kind: "early_warning",
            message: "task \(task.name): \(task.metric) \(Figure.shown(alarm.score)) is \(amount) "
                + "worse than its best, \(Figure.shown(alarm.best)) at step \(alarm.bestStep)"
                + doubt(alarm) + "; " + blame(alarm))
        buffer.add(
            MetricPoint(
                task: task.name, name: "early_warning", split: InterferenceReport.split,
                epoch: epochsBefore + 1, step: position.step, value: alarm.fall))
    }

    /// How much of the fall chance may explain, where scores are shares of rows.
    private func doubt(_ alarm: EarlyWarning.Alarm) -> String {
        let rows = data[alarm.task].validation.count
        guard spec.tasks[alarm.task].scoreCountsRows else { return "" }
        let noise = InterferenceReport.noise(between: alarm.best, alarm.score, rows: rows)
        return " (chance on \(rows) rows explains up to \(Figure.shown(noise)))"
    }

    private func blame(_ alarm: EarlyWarning.Alarm) -> String {
        let own = spec.tasks[alarm.task].name
        if retention?.mergesAtStageEnd == true {
            return "stages are trained apart, and merging this one's changes with those of the "
                + "others is what cost it that"
        }
        if let cause = alarm.cause {
            let times = cause.measurements == 1 ? "measurement" : "measurements"
            return "steps for \(spec.tasks[cause.task].name) oppose it: each alone adds "
                + "\(Figure.shown(cause.effect)) to its loss, to first order "
                + "(mean of \(cause.measurements) \(times))"
        }
        let overfitting = "it may be overfitting, or the learning rate too high"
        if runner.shared.indices.isEmpty {
            return "no other task trains its parameters: \(overfitting)"
        }
        guard position.rows.contains(where: { $0.key != alarm.task && $0.value > 0 }) else {
            return "no other task is trained in this epoch: \(overfitting)"
        }
        guard alarm.wasMeasured else {
            return "what other tasks' steps do to it was not measured since then"
        }
        let unopposed = "no other task's steps were measured to oppose it"
        if retention?.mergesInStages == true {
            return
                "\(unopposed): merging with the weights of the stage before may be what cost it that"
        }
        return stage.tasks.contains(alarm.task)
            ? "\(unopposed): \(overfitting)"
            : "\(own) is not trained in this stage, and \(unopposed)"
    }
}
