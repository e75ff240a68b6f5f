import Spec

extension InterferenceReport {
    /// All tasks' scores after a stage that ended at a step.
    package struct Row: Sendable, Equatable {
        package var stage: Int
        package var step: Int
        package var scores: [Double]
    }

    /// What the run itself scored in the end, or has so far.
    package struct FinalScore: Sendable, Equatable {
        package var value: Double
        /// `test` where the task has test rows and they were scored, else `validation`.
        package var split: String

        /// A validation score is that of the last stage that ended, which is of the model that was
        /// kept: a run that went back to an earlier model was scored on a later one too.
        init?(_ place: Int, _ task: TaskSpec, _ rows: [Row], _ index: MetricIndex) {
            if let tested = index[task.name, task.metric, "test"].last {
                (value, split) = (tested.value, tested.split)
            } else if let row = rows.last {
                (value, split) = (row.scores[place], "validation")
            } else {
                let latest = index[task.name, task.metric, "validation"].max { $0.step < $1.step }
                guard let latest else { return nil }
                (value, split) = (latest.value, latest.split)
            }
        }
    }

    /// Stages whose ends were scored, from the first on.
    package var stagesEnded: Int { rows.count }

    /// By stage, 0 (before training) first, as far as no stage is missing.
    static func rows(_ tasks: [TaskSpec], _ index: MetricIndex) -> [Row] {
        let ends = index["", "stage_end", "validation"].filter(\.value.isFinite)
        guard !ends.isEmpty else { return [] }
        let scores = tasks.map { task in
            Dictionary(
                index[task.name, task.metric, "validation"].map { ($0.step, $0.value) }
            ) { $1 }
        }
        var rows: [Row] = []
        for end in ends.sorted(by: { ($0.value, $0.step) < ($1.value, $1.step) }) {
            let row = scores.compactMap { $0[end.step] }
            let stage = Int(end.value)
            guard row.count == tasks.count else { continue }
            // A row's place is its stage.
            let next = rows.last.map { $0.stage + 1 } ?? min(stage, 1)
            guard stage <= next else { break }
            if rows.last?.stage == stage { rows.removeLast() }
            rows.append(Row(stage: stage, step: end.step, scores: row))
        }
        return rows
    }
}
