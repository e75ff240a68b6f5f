import Spec

extension InterferenceReport {
    /// The largest fall of a task that the run warned of.
    package struct Warning: Sendable, Equatable {
        package var task: Int
        /// Points of a share, else relative to the best.
        package var fall: Double
        package var step: Int
    }

    /// How a warning ended the training, as the run's policy asked.
    package struct Ending: Sendable, Equatable {
        /// From 1.
        package var stage: Int
        /// The step whose model was put back; `nil` where the model stayed as it was.
        package var restored: Int?
        /// Tasks that no stage whose training was kept has trained.
        package var neverTrained: [Int]
    }

    static func warnings(_ tasks: [TaskSpec], _ index: MetricIndex) -> [Warning] {
        tasks.indices.compactMap { task -> Warning? in
            index.measured(tasks[task].name, earlyWarning).max { $0.value < $1.value }
                .map { Warning(task: task, fall: $0.value, step: $0.step) }
        }.sorted { $0.fall > $1.fall }
    }
}

extension InterferenceReport.Ending {
    init?(_ spec: RunSpec, _ rows: [InterferenceReport.Row], _ index: MetricIndex) {
        let policy = spec.earlyWarning?.policy ?? .none
        let warned = spec.tasks.flatMap {
            index.measured($0.name, InterferenceReport.earlyWarning)
        }
        guard policy == .stop || policy == .restoreBest,
            let last = warned.max(by: { $0.step < $1.step })
        else { return nil }
        stage = 1 + max(0, last.epoch - 1) / max(1, spec.epochs)
        restored =
            policy == .restoreBest
            ? rows.last.flatMap { $0.step < last.step ? $0.step : nil } : nil
        let kept = Set(spec.stagePlaces.prefix(rows.count).joined())
        neverTrained = Set(spec.stagePlaces.joined()).subtracting(kept).sorted()
    }
}
