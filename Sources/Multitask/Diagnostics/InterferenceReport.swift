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

    /// How much like the start of the run a layer's view of held-out rows is.
    package struct LayerDrift: Sendable, Equatable {
        package struct Point: Sendable, Equatable {
            package var step: Int
            package var cosine: Double
            /// Linear CKA; `nil` where it is undefined.
            package var alignment: Double?
        }

        /// 0: the embeddings; then what comes out of each block.
        package var layer: Int
        package var history: [Point]
        package var latest: Point? { history.last }
    }

    /// All tasks' scores after a stage that ended at a step.
    package struct Row: Sendable, Equatable {
        package var stage: Int
        package var step: Int
        package var scores: [Double]
    }

    /// Two tasks, means over the measured steps.
    package struct Conflict: Sendable, Equatable {
        package var a: Int
        package var b: Int
        package var cosine: Double
        /// Half the width of the 95 % interval of the mean cosine.
        package var cosineMargin: Double
        /// Cosine between halves of one task's rows: what noise leaves of agreement.
        package var withinA: Double?
        package var withinB: Double?
        /// What a step for one task alone adds to the other's loss, to first order.
        package var effectOfA: Double?
        package var effectOfB: Double?
        /// Share of the measured steps in which the cosine was below 0 and below both within.
        package var shareOfSteps: Double
        package var measurements: Int

        /// Opposed beyond noise: the whole interval is below zero and below both within-task
        /// cosines.
        package var isSignificant: Bool {
            let top = cosine + cosineMargin
            return measurements > 2 && top < 0 && top < (withinA ?? 1) && top < (withinB ?? 1)
        }
    }

    /// Mean gradient norm and share of the trained rows, by task; `nil` where not measured.
    package let norms: [Double?]
    package let shares: [Double?]
    package let base: [Double]?
    package let rows: [Row]
    /// `nil` before a stage ended.
    package let matrix: ScoreMatrix?
    package let conflicts: [Conflict]
    /// By layer.
    package let drift: [LayerDrift]
    /// By step; empty for models that do not write.
    package let generalText: [GeneralText]
    /// Whether all trained tasks are scored by one metric, so that averages over them mean
    /// something.
    package let hasOneMetric: Bool

    package init(_ spec: RunSpec, points: [MetricPoint]) {
        let tasks = spec.tasks
        let scores = Self.rows(tasks, points)
        // Where the first stage was learnt before, its end is the start, at the same step.
        base = (scores.first { $0.step == 0 } ?? scores.first { $0.stage == 0 })?.scores
        rows = scores.filter { $0.stage > 0 }
        hasOneMetric = Set(spec.stagePlaces.joined().map { tasks[$0].metric }).count == 1
        matrix = base.map { base in
            ScoreMatrix(
                base: base, rows: scores.filter { $0.stage > 0 }.map(\.scores),
                stages: spec.stagePlaces,
                largerIsBetter: tasks.map(\.judgedBy.largerIsBetter))
        }
        conflicts = Self.conflicts(tasks.map(\.name), points)
        drift = Self.drift(points)
        generalText = Self.values(points, "", Self.generalPerplexity)
            .map { GeneralText(step: $0.step, perplexity: $0.value) }
            .sorted { $0.step < $1.step }
        norms = tasks.map { task in
            Self.mean(Self.values(points, task.name, Self.norm).map(\.value))
        }
        let drawn = points.filter { $0.name == "sample_share" }
        let epochs = Set(drawn.map(\.step)).count
        shares = tasks.map { task in
            let own = drawn.filter { $0.task == task.name }.map(\.value)
            return epochs > 0 ? own.reduce(0, +) / Double(epochs) : nil
        }
    }

    private static func rows(_ tasks: [TaskSpec], _ points: [MetricPoint]) -> [Row] {
        let ends = points.filter { $0.name == "stage_end" && $0.value.isFinite }
        return ends.sorted { $0.value < $1.value }.compactMap { end in
            let scores = tasks.compactMap { task in
                points.last {
                    $0.task == task.name && $0.name == task.metric && $0.split == "validation"
                        && $0.step == end.step
                }?.value
            }
            guard scores.count == tasks.count else { return nil }
            return Row(stage: Int(end.value), step: end.step, scores: scores)
        }
    }

    private static func conflicts(_ names: [String], _ points: [MetricPoint]) -> [Conflict] {
        var conflicts: [Conflict] = []
        for a in names.indices {
            for b in names.indices where b > a {
                let cosines = values(points, names[a], Self.cosine + names[b])
                guard !cosines.isEmpty, let mean = mean(cosines.map(\.value)) else { continue }
                let withinA = byStep(points, names[a], Self.within)
                let withinB = byStep(points, names[b], Self.within)
                let opposed = cosines.count { point in
                    point.value < 0 && point.value < (withinA[point.step] ?? 1)
                        && point.value < (withinB[point.step] ?? 1)
                }
                let steps = Set(cosines.map(\.step))
                conflicts.append(
                    Conflict(
                        a: a, b: b, cosine: mean,
                        cosineMargin: margin(cosines.map(\.value), around: mean),
                        withinA: Self.mean(steps.compactMap { withinA[$0] }),
                        withinB: Self.mean(steps.compactMap { withinB[$0] }),
                        effectOfA: Self.mean(
                            values(points, names[a], effect + names[b]).map(\.value)),
                        effectOfB: Self.mean(
                            values(points, names[b], effect + names[a]).map(\.value)),
                        shareOfSteps: Double(opposed) / Double(cosines.count),
                        measurements: cosines.count))
            }
        }
        return conflicts
    }

    private static func drift(_ points: [MetricPoint]) -> [LayerDrift] {
        let own = points.filter { $0.task.isEmpty && $0.split == split }
        func byLayer(_ prefix: String) -> [Int: [Int: Double]] {
            var found: [Int: [Int: Double]] = [:]
            for point in own where point.name.hasPrefix(prefix) {
                guard let layer = Int(point.name.dropFirst(prefix.count)) else { continue }
                found[layer, default: [:]][point.step] = point.value
            }
            return found
        }
        let alignments = byLayer(driftCKA)
        return byLayer(driftCosine).sorted { $0.key < $1.key }.map { layer, cosines in
            LayerDrift(
                layer: layer,
                history: cosines.sorted { $0.key < $1.key }.map { step, cosine in
                    LayerDrift.Point(
                        step: step, cosine: cosine, alignment: alignments[layer]?[step])
                })
        }
    }

    private static func values(
        _ points: [MetricPoint], _ task: String, _ name: String
    ) -> [(step: Int, value: Double)] {
        points.filter { $0.task == task && $0.name == name && $0.value.isFinite }
            .map { ($0.step, $0.value) }
    }

    private static func byStep(
        _ points: [MetricPoint], _ task: String, _ name: String
    ) -> [Int: Double] {
        Dictionary(values(points, task, name).map { ($0.step, $0.value) }) { $1 }
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// 1.96 standard errors of the mean; infinite for a single value.
    private static func margin(_ values: [Double], around mean: Double) -> Double {
        guard values.count > 1 else { return .infinity }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return 1.96 * (squares / Double(values.count - 1) / Double(values.count)).squareRoot()
    }
}
