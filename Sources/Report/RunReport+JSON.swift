package import JSON
import Multitask
import Spec

extension RunReport {
    /// The body of GET /v1/runs/{id}/interference, without the body of the next run.
    package var json: JSON {
        let matrix = findings.matrix
        let hasOneMetric = findings.hasOneMetric
        return [
            "object": "interference", "run": .string(id),
            "loss_scope": .string(findings.scope.rawValue), "tasks": tasks,
            "stages": [
                "ended": .integer(Int64(findings.stagesEnded)),
                "of": .integer(Int64(findings.stages)),
            ],
            "final": final, "validation_rows": byTask(findings.validationRows),
            "base": findings.base.map { byTask($0) } ?? nil,
            "r_matrix": .array(findings.rows.map(row)),
            "forgetting": byTask(matrix?.forgetting ?? []),
            "forgetting_noise": byTask(findings.forgettingNoise(spec)),
            "acc": .finite(hasOneMetric ? matrix?.averageFinal : nil),
            "bwt": .finite(hasOneMetric ? matrix?.backwardTransfer : nil),
            "fwt": .finite(hasOneMetric ? matrix?.forwardTransfer : nil),
            "fwt_by_chance": .array(findings.startsWithNewHead.map { .string(names[$0]) }),
            "early_warning": warning,
            "conflict": .array(findings.conflicts.map { json($0) }),
            "norms": byTask(findings.norms), "norm_history": normHistory,
            "rows": byTask(findings.rowsTrained), "shares": byTask(findings.shares),
            "drift": .array(findings.drift.map { json($0) }),
            "general_text": .array(
                findings.generalText.map {
                    ["step": .integer(Int64($0.step)), "perplexity": .finite($0.perplexity)]
                }),
            "map": map.map { json($0) } ?? nil,
            "baselines": baselines,
            "summary": .string(summary), "suggestion": suggestion,
        ]
    }

    private var tasks: JSON {
        .array(
            zip(spec.tasks, findings.isTaskKnown).map { task, isKnown in
                [
                    "name": .string(task.name), "metric": .string(task.metric),
                    "task_known": isKnown.map { .bool($0) } ?? nil,
                ]
            })
    }

    private var final: JSON {
        var object: JSONObject = [:]
        for (name, score) in zip(names, findings.final) {
            object[name] =
                score.map { ["score": .finite($0.value), "split": .string($0.split)] } ?? .null
        }
        return .object(object)
    }

    private var warning: JSON {
        let falls: [JSON] = findings.warnings.map {
            [
                "task": .string(names[$0.task]), "fall": .finite($0.fall),
                "step": .integer(Int64($0.step)),
            ]
        }
        let ending: JSON? = findings.ending.map { ending in
            [
                "stage": .integer(Int64(ending.stage)),
                "restored_step": ending.restored.map { .integer(Int64($0)) } ?? nil,
                "never_trained": .array(ending.neverTrained.map { .string(names[$0]) }),
            ]
        }
        return ["falls": .array(falls), "ended": ending ?? nil]
    }

    private var normHistory: JSON {
        var object: JSONObject = [:]
        for (name, values) in zip(names, findings.normHistory) {
            object[name] = history(values, "norm")
        }
        return .object(object)
    }

    private func history(_ values: [InterferenceReport.Measurement], _ name: String) -> JSON {
        .array(
            values.map { .object(["step": .integer(Int64($0.step)), name: .finite($0.value)]) })
    }

    private var names: [String] { spec.tasks.map(\.name) }

    private func byTask(_ values: [Double?]) -> JSON {
        var object: JSONObject = [:]
        for (name, value) in zip(names, values) { object[name] = .finite(value) }
        return .object(object)
    }

    private func byTask(_ counts: [Int?]) -> JSON {
        var object: JSONObject = [:]
        for (name, count) in zip(names, counts) {
            object[name] = count.map { .integer(Int64($0)) } ?? .null
        }
        return .object(object)
    }

    private func row(_ row: InterferenceReport.Row) -> JSON {
        let trained = spec.stagePlaces[min(row.stage, spec.stagePlaces.count) - 1]
        return [
            "stage": .integer(Int64(row.stage)), "step": .integer(Int64(row.step)),
            "after": .array(trained.map { .string(names[$0]) }), "scores": byTask(row.scores),
        ]
    }

    private func json(_ conflict: InterferenceReport.Conflict) -> JSON {
        [
            "a": .string(names[conflict.a]), "b": .string(names[conflict.b]),
            "cosine": .finite(conflict.cosine), "cosine_margin": .finite(conflict.cosineMargin),
            "within_a": .finite(conflict.withinA), "within_b": .finite(conflict.withinB),
            "loss_effect": .finite(conflict.effect),
            "pressure": [
                "a_on_b": .finite(conflict.pressureOfA), "b_on_a": .finite(conflict.pressureOfB),
            ],
            "share_of_steps": .finite(conflict.shareOfSteps),
            "measurements": .integer(Int64(conflict.measurements)),
            "beyond_noise": conflict.isTestable ? .bool(conflict.isSignificant) : nil,
            "history": history(conflict.history, "cosine"),
        ]
    }

    private func json(_ drift: InterferenceReport.LayerDrift) -> JSON {
        [
            "layer": .integer(Int64(drift.layer)), "cosine": .finite(drift.latest?.cosine),
            "cka": .finite(drift.latest?.alignment),
            "history": .array(
                drift.history.map {
                    [
                        "step": .integer(Int64($0.step)), "cosine": .finite($0.cosine),
                        "cka": .finite($0.alignment),
                    ]
                }),
        ]
    }

    private func json(_ map: RepresentationMap) -> JSON {
        func points(_ rows: [[Double]]) -> JSON {
            .array(
                zip(rows, map.tasks).map { point, task in
                    let name = names.indices.contains(task) ? names[task] : ""
                    return .array(point.map { .finite($0) } + [.string(name)])
                })
        }
        return [
            "before": points(map.principal.before), "after": points(map.principal.after),
            "explained": .array(map.explained.map { .finite($0) }),
            "tsne": [
                "before": points(map.neighbours.before), "after": points(map.neighbours.after),
            ],
        ]
    }

    private var baselines: JSON {
        var object: JSONObject = [:]
        for comparison in comparisons {
            let splits = JSONObject(
                zip(names, comparison.splits).map { (name: $0, value: JSON.string($1)) })
            object[comparison.baseline.rawValue] = [
                "runs": .array(
                    comparison.candidates.map {
                        ["id": .string($0.run), "status": .string($0.status)]
                    }),
                "chosen": comparison.chosen.map { .string($0.run) } ?? nil,
                "scores": byTask(comparison.baselineScores), "own": byTask(comparison.ownScores),
                "split": splits.map { .object($0) } ?? nil,
                "difference": byTask(comparison.differences), "delta": byTask(comparison.deltas),
                "mean_delta": .finite(comparison.meanDelta),
            ]
        }
        return .object(object)
    }

    private var suggestion: JSON {
        guard let suggestion = findings.suggestion(spec) else { return nil }
        var object: JSONObject = ["method": .string(suggestion.method.method)]
        for (name, value) in suggestion.method.parameters.sorted(by: { $0.key < $1.key }) {
            object[name] = .number(value)
        }
        return [
            "field": .string(suggestion.field), "value": .object(object),
            "reason": .string(suggestion.reason),
        ]
    }
}

extension JSON {
    /// What is not finite becomes null.
    fileprivate static func finite(_ value: Double?) -> JSON {
        value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null
    }
}
