import Datasets
import JSON
import Spec
import Store

/// What the model list says of a fine-tuned model: its base's figures and its tasks.
enum TrainedModelSummary {
    static func make(_ run: RunRecord, store: Store) throws -> JSON {
        let base = try store.model(run.spec.baseModel).summary.object?.members ?? []
        let tasks = try run.spec.tasks.map { try task($0, run.spec, store: store) }
        let members = base.filter { $0.name != "tasks" } + [(name: "tasks", value: .array(tasks))]
        return JSONObject(members).map(JSON.object) ?? ["tasks": .array(tasks)]
    }

    private static func task(_ task: TaskSpec, _ spec: RunSpec, store: Store) throws -> JSON {
        let labels: [String] =
            task.kind.traits.labelsMin > 0
            ? try store.dataset(task.dataset).summary.labels.keys.sorted() : []
        return [
            "name": .string(task.name),
            "kind": .string(task.kind.rawValue),
            "labels": .array(labels.map { .string($0) }),
            "format": .string(task.format),
            "max_length": .integer(Int64(spec.maxLength)),
        ]
    }
}
