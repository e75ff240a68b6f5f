import JSON
import Store

/// A task that a model can do, as its summary lists it.
struct ModelTask: Equatable {
    var name: String
    var kind: String
}

extension ModelRecord {
    /// The model object.
    var json: JSON {
        var object: JSONObject = [
            "id": .string(id), "object": "model", "name": .string(name),
            "created": .seconds(created), "owned_by": "polytask", "kind": .string(kind),
            "status": "ready",
            "run": .optional(run),
        ]
        let read = [
            "architecture", "parameters", "context_length", "vocabulary", "task_kinds",
            "adapter_targets",
        ]
        for name in read {
            object[name] = summary[name] ?? .null
        }
        object["base_sha256"] = .string(baseSHA256)
        object["weights_sha256"] = .optional(weightsSHA256)
        object["tasks"] = summary["tasks"] ?? []
        return .object(object)
    }

    var tasks: [ModelTask] {
        (summary["tasks"]?.array ?? []).compactMap { task in
            guard let name = task["name"]?.string, let kind = task["kind"]?.string else {
                return nil
            }
            return ModelTask(name: name, kind: kind)
        }
    }

    /// What it can be trained for; nil: not known of a model that an older version took in.
    var taskKinds: [String]? { summary["task_kinds"]?.array?.compactMap(\.string) }

    /// What `targets` of an adaptation can name; nil likewise.
    var adapterTargets: [String]? { summary["adapter_targets"]?.array?.compactMap(\.string) }

    /// nil: not known.
    var hasChatTemplate: Bool? { summary["chat_template"]?.bool }

    var contextLength: Int? { summary["context_length"]?.integer.map(Int.init) }
}
