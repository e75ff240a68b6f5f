import Spec

/// Runs and points for tests of the interference report.
enum InterferencePoints {
    static func spec(
        _ names: [String] = ["a", "b"], stages: [[String]]? = nil, metric: String? = nil,
        kind: TaskKind = .classification
    ) -> RunSpec {
        var spec = RunSpec(
            name: "r", baseModel: "b",
            tasks: names.map { TaskSpec(name: $0, kind: kind, dataset: "d", metric: metric) })
        spec.stages = stages
        return spec
    }

    static func point(
        _ task: String, _ name: String, _ split: String, _ step: Int, _ value: Double,
        epoch: Int = 1
    ) -> MetricPoint {
        MetricPoint(task: task, name: name, split: split, epoch: epoch, step: step, value: value)
    }

    /// Scores at each step, and the stage that ended there; `nil`: an epoch within a stage.
    static func scores(
        _ spec: RunSpec, _ evaluations: [(step: Int, stage: Int?, scores: [Double])]
    ) -> [MetricPoint] {
        evaluations.flatMap { step, stage, scores in
            zip(spec.tasks, scores).map { point($0.name, $0.metric, "validation", step, $1) }
                + (stage.map { [point("", "stage_end", "validation", step, Double($0))] } ?? [])
        }
    }

    /// Cosines of a and b, one a step from 1 on, and the effect that the trainer writes both ways.
    static func cosines(
        _ values: [Double], within: Double? = 0.4, effect: Double = 0.02, epoch: Int = 1,
        from step: Int = 1
    ) -> [MetricPoint] {
        values.enumerated().flatMap { place, value in
            func add(_ task: String, _ name: String, _ value: Double) -> MetricPoint {
                point(task, name, "diagnosis", step + place, value, epoch: epoch)
            }
            return [
                add("a", "gradient_cosine.b", value), add("a", "loss_effect.b", effect),
                add("b", "loss_effect.a", effect),
            ]
                + (within.map {
                    [
                        add("a", "gradient_cosine_within", $0),
                        add("b", "gradient_cosine_within", $0),
                    ]
                } ?? [])
        }
    }

    static func rowsSampled(_ epochs: [[String: Double]]) -> [MetricPoint] {
        epochs.enumerated().flatMap { place, rows in
            rows.map {
                point(
                    $0.key, "rows_sampled", "train", 10 * (place + 1), $0.value, epoch: place + 1)
            }
        }
    }
}
