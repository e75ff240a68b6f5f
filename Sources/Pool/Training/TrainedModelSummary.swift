import Datasets
import JSON
import Spec
import Store

/// What the model list says of a fine-tuned model: its base's figures and its tasks, those of an
/// earlier run that it started from among them.
enum TrainedModelSummary {
    static func make(_ run: RunRecord, parameters: Int, store: Store) throws -> JSON {
        let summary = try store.model(run.spec.baseModel).summary
        let base = summary.object?.members ?? []
        let names = run.spec.tasks.map(\.name)
        let earlier = (summary["tasks"]?.array ?? []).filter { task in
            !(task["name"]?.string.map(names.contains) ?? false)
        }
        let tasks = try earlier + run.spec.tasks.map { try task($0, run.spec, store: store) }
        let own: [(name: String, value: JSON)] = [
            ("parameters", .integer(Int64(parameters))), ("tasks", .array(tasks)),
        ]
        let members = base.filter { member in !own.contains { $0.name == member.name } } + own
        return JSONObject(members).map(JSON.object) ?? ["tasks": .array(tasks)]
    }

    /// What it learnt from, which stays known when the data set is deleted.
    private static func data(_ task: TaskSpec, _ store: Store) throws -> JSON {
        let dataset = try store.dataset(task.dataset)
        return [
            "dataset": .string(dataset.id), "name": .string(dataset.name),
            "sha256": .string(dataset.sha256), "rows": .integer(Int64(dataset.summary.rows)),
            "test_sha256": try task.test.map { .string(try store.dataset($0).sha256) } ?? .null,
        ]
    }

    private static func task(_ task: TaskSpec, _ spec: RunSpec, store: Store) throws -> JSON {
        let labels = try store.labels(ofHead: task, in: spec)
        return [
            "name": .string(task.name),
            "kind": .string(task.kind.rawValue),
            "head": task.head.map { .string($0) } ?? .null,
            "labels": .array(labels.map { .string($0) }),
            "format": .string(task.format),
            "max_length": .integer(Int64(spec.maxLength)),
            "data": try data(task, store),
        ]
    }
}
