import JSON
import Multitask
import Spec

extension InterferenceReport {
    /// The body of GET /v1/runs/{id}/interference.
    static func json(_ spec: RunSpec, _ points: [MetricPoint]) -> JSON {
        InterferenceReport(spec, points: points).json(spec)
    }

    private func json(_ spec: RunSpec) -> JSON {
        let names = spec.tasks.map(\.name)
        func byTask(_ values: [Double?]) -> JSON {
            var object: JSONObject = [:]
            for (name, value) in zip(names, values) { object[name] = .finite(value) }
            return .object(object)
        }
        let average = hasOneMetric ? matrix?.averageFinal : nil
        let transfer = hasOneMetric ? matrix?.backwardTransfer : nil
        let forward = hasOneMetric ? matrix?.forwardTransfer : nil
        return [
            "object": "interference",
            "tasks": .array(
                spec.tasks.map { ["name": .string($0.name), "metric": .string($0.metric)] }),
            "base": base.map { byTask($0) } ?? nil,
            "r_matrix": .array(
                rows.map { row in
                    let trained = spec.stagePlaces[min(row.stage, spec.stagePlaces.count) - 1]
                    return [
                        "stage": .integer(Int64(row.stage)), "step": .integer(Int64(row.step)),
                        "after": .array(trained.map { .string(names[$0]) }),
                        "scores": byTask(row.scores),
                    ]
                }),
            "forgetting": byTask(matrix?.forgetting ?? []),
            "acc": .finite(average), "bwt": .finite(transfer), "fwt": .finite(forward),
            "conflict": .array(conflicts.map { $0.json(names) }),
            "norms": byTask(norms), "shares": byTask(shares),
            "summary": .string(summary(spec)), "suggestion": suggestion(spec)?.json ?? nil,
        ]
    }
}

extension InterferenceReport.Conflict {
    fileprivate func json(_ names: [String]) -> JSON {
        [
            "a": .string(names[a]), "b": .string(names[b]), "cosine": .finite(cosine),
            "cosine_margin": .finite(cosineMargin), "within_a": .finite(withinA),
            "within_b": .finite(withinB),
            "loss_effect": ["a_on_b": .finite(effectOfA), "b_on_a": .finite(effectOfB)],
            "share_of_steps": .finite(shareOfSteps), "measurements": .integer(Int64(measurements)),
            "beyond_noise": .bool(isSignificant),
        ]
    }
}

extension InterferenceReport.Suggestion {
    fileprivate var json: JSON {
        var object: JSONObject = ["method": .string(method.method)]
        for (name, value) in method.parameters.sorted(by: { $0.key < $1.key }) {
            object[name] = .number(value)
        }
        return [
            "field": .string(field), "value": .object(object), "reason": .string(reason),
        ]
    }
}

extension JSON {
    /// What is not finite becomes null.
    fileprivate static func finite(_ value: Double?) -> JSON {
        value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null
    }
}
