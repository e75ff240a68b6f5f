import JSON
import Spec

extension RunSpec {
    /// The spec as a body of `POST /v1/runs` that would make the same run again.
    var json: JSON {
        [
            "name": .string(name), "base_model": .string(baseModel),
            "tasks": .array(tasks.map(\.json)), "learnt": learntJSON, "stages": stagesJSON,
            "retention": .array((retention ?? []).map(\.json)), "mixing": mixing.json,
            "weighting": weighting?.json ?? nil, "aggregation": aggregation?.json ?? nil,
            "curriculum": curriculum?.json ?? nil,
            "adaptation": adaptation?.json ?? ["method": "full"],
            "optimizer": [
                "name": .string(optimizer.name),
                "learning_rate": .number(optimizer.learningRate),
                "weight_decay": .number(optimizer.weightDecay),
                "beta1": .number(optimizer.constants.beta1),
                "beta2": .number(optimizer.constants.beta2),
                "epsilon": .number(optimizer.constants.epsilon),
                "schedule": .string(optimizer.schedule),
                "warmup_fraction": .number(optimizer.warmupFraction),
                "clip": .number(optimizer.clip),
                "restart_each_stage": .bool(optimizer.restartsEachStage ?? true),
            ],
            "baselines": .array((baselines ?? []).map { .string($0.rawValue) }),
            "early_warning": (earlyWarning ?? EarlyWarningSpec()).json,
            "epochs": .count(epochs), "batch_tokens": .count(batchTokens),
            "batch_rows": batchRows.map { .count($0) } ?? nil,
            "max_length": .count(maxLength), "seed": .integer(Int64(clamping: seed)),
            "dtype": .string(dtype), "checkpoint_seconds": .number(checkpointSeconds),
        ]
    }
}

extension RunSpec {
    private var stagesJSON: JSON {
        guard let stages else { return "joint" }
        let trained = stages.dropFirst(startsLearnt == true ? 1 : 0)
        return .array(trained.map { .array($0.map { .string($0) }) })
    }

    private var learntJSON: JSON {
        guard startsLearnt == true, let first = stages?.first else { return nil }
        return .array(first.map { .string($0) })
    }
}

extension EarlyWarningSpec {
    fileprivate var json: JSON {
        ["drop": .number(drop), "policy": .string(policy.rawValue)]
    }
}

extension TaskSpec {
    fileprivate var json: JSON {
        let held: JSON =
            switch validation {
            case .fraction(let fraction): ["fraction": .number(fraction)]
            case .dataset(let id): .string(id)
            }
        var object: JSONObject = [
            "name": .string(name), "kind": .string(kind.rawValue), "dataset": .string(dataset),
            "validation": held, "test": .optional(test), "metric": .string(metric),
            "format": .string(format),
        ]
        if let head { object["head"] = .string(head) }
        return .object(object)
    }
}

extension MethodSpec {
    fileprivate var json: JSON {
        var object: JSONObject = ["method": .string(method)]
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) {
            object[name] = .number(value)
        }
        for (name, word) in (options ?? [:]).sorted(by: { $0.key < $1.key }) {
            object[name] = ["true", "false"].contains(word) ? .bool(word == "true") : .string(word)
        }
        for (name, names) in (lists ?? [:]).sorted(by: { $0.key < $1.key }) {
            object[name] = .array(names.map { .string($0) })
        }
        if !tasks.isEmpty {
            let values = tasks.sorted { $0.key < $1.key }
            object["tasks"] = JSONObject(values.map { (name: $0.key, value: .number($0.value)) })
                .map { .object($0) }
        }
        return .object(object)
    }
}
