// What a run's metrics say of how its tasks interfere. A pure function of the spec and the points;
// it knows neither where they are kept nor how the report is written.

package import Spec

/// Scores by stage, what was forgotten, which tasks' gradients oppose each other.
package struct InterferenceReport: Sendable, Equatable {
    /// Where the trainer puts what the report is made of.
    package static let split = "diagnosis"
    package static let norm = "gradient_norm"
    package static let within = "gradient_cosine_within"
    /// Followed by the other task's name.
    package static let cosine = "gradient_cosine."
    /// Followed by the task whose loss it is: what a step for the point's task alone does to it.
    package static let effect = "loss_effect."
    /// How many held-out rows are behind a task's scores, at step 0.
    package static let validationRows = "validation_rows"
    /// How many rows of a task an epoch trained on, replayed ones included; split `train`.
    package static let rowsSampled = "rows_sampled"
    /// How far a task has fallen below its best: points of a share, else relative to it.
    package static let earlyWarning = "early_warning"

    /// Followed by the layer, of the whole run.
    package static let driftCosine = "drift_cosine."
    package static let driftCKA = "drift_cka."

    /// Of the whole run: what a model that writes still makes of plain text.
    package static let generalPerplexity = "general_perplexity"

    /// Perplexity on plain text when a step was done; at step 0 the pretrained model's.
    package struct GeneralText: Sendable, Equatable {
        package var step: Int
        package var perplexity: Double
    }

    /// One value of a history.
    package struct Measurement: Sendable, Equatable {
        package var step: Int
        package var value: Double
    }

    /// Values that a history has at most.
    static let historyMax = 200

    /// Thinned evenly, the first and the last kept.
    static func history(_ points: [MetricPoint]) -> [Measurement] {
        let places =
            points.count <= historyMax
            ? Array(points.indices)
            : (0..<historyMax).map { $0 * (points.count - 1) / (historyMax - 1) }
        return places.map { Measurement(step: points[$0].step, value: points[$0].value) }
    }

    static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    package let scope: Scope
    /// Whether a task's row tells its task when the model is asked; `nil` of a task that writes,
    /// of which its prompt is all that the model is told.
    package let isTaskKnown: [Bool?]
    /// Tasks whose forward transfer is chance by construction.
    package let startsWithNewHead: [Int]
    /// Mean gradient norm by task; `nil` where not measured.
    package let norms: [Double?]
    package let normHistory: [[Measurement]]
    /// Rows trained on and their share, by task; `nil` where not counted.
    package let rowsTrained: [Int?]
    package let shares: [Double?]
    package let base: [Double]?
    package let rows: [Row]
    /// `nil` before a stage ended.
    package let matrix: ScoreMatrix?
    /// How many stages the run has.
    package let stages: Int
    /// By task; `nil` before it was scored.
    package let final: [FinalScore?]
    /// Held-out rows behind a task's validation scores; `nil` where not known.
    package let validationRows: [Int?]
    package let conflicts: [Conflict]
    /// The largest fall of each task that was warned of, the largest first.
    package let warnings: [Warning]
    /// `nil` where no warning ended the training.
    package let ending: Ending?
    /// By layer.
    package let drift: [LayerDrift]
    /// By step; empty for models that do not write.
    package let generalText: [GeneralText]
    /// Whether all tasks of the stages are scored by one metric, so that averages over them mean
    /// something.
    package let hasOneMetric: Bool

    package init(_ spec: RunSpec, points: [MetricPoint]) {
        let tasks = spec.tasks
        let index = MetricIndex(points)
        let pulls = TrainingShares(spec, index)
        scope = Scope(spec)
        isTaskKnown = tasks.map { spec.isTaskKnown($0) }
        startsWithNewHead = spec.tasksWithNewHead
        let scored = Self.rows(tasks, index)
        // Where the first stage was learnt before, its end is the start, at the same step.
        let base = (scored.first { $0.step == 0 } ?? scored.first { $0.stage == 0 })?.scores
        let rows = scored.filter { $0.stage > 0 }
        self.base = base
        self.rows = rows
        stages = spec.stagePlaces.count
        hasOneMetric = Set(spec.stagePlaces.joined().map { tasks[$0].metric }).count == 1
        matrix = base.map { base in
            ScoreMatrix(
                base: base, rows: rows.map(\.scores), stages: spec.stagePlaces,
                startsLearnt: spec.startsLearnt == true,
                largerIsBetter: tasks.map(\.judgedBy.largerIsBetter))
        }
        final = tasks.indices.map { FinalScore($0, tasks[$0], rows, index) }
        validationRows = tasks.map { task in
            index.measured(task.name, Self.validationRows).last.map { Int($0.value) }
        }
        conflicts = Self.conflicts(tasks.map(\.name), index, pulls)
        warnings = Self.warnings(tasks, index)
        ending = Ending(spec, rows, index)
        drift = Self.drift(points)
        generalText = index.measured("", Self.generalPerplexity)
            .map { GeneralText(step: $0.step, perplexity: $0.value) }
        let measured = tasks.map { index.measured($0.name, Self.norm) }
        norms = measured.map { Self.mean($0.map(\.value)) }
        normHistory = measured.map(Self.history)
        rowsTrained = pulls.rows
        shares = pulls.shares
    }
}
