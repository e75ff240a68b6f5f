import JSON
import Spec

extension RunRequest {
    func tasks(_ fields: inout FieldReader) throws -> [TaskSpec] {
        guard let values = try fields.array("tasks") else {
            throw fields.missing("tasks", "1 to \(limits.tasksMax) tasks, each with its data set")
        }
        guard (1...limits.tasksMax).contains(values.count) else {
            throw fields.invalid(
                "tasks", "must hold 1 to \(limits.tasksMax) tasks, found \(values.count)")
        }
        var tasks: [TaskSpec] = []
        for (index, value) in values.enumerated() {
            let task = try task(value, path: "tasks[\(index)]")
            if let first = tasks.firstIndex(where: { $0.name == task.name }) {
                throw APIError.invalid(
                    "tasks[\(index)].name",
                    "must be unique: `\(task.name)` is already the name of tasks[\(first)]")
            }
            tasks.append(task)
        }
        for (index, task) in tasks.enumerated() {
            guard let head = task.head else { continue }
            guard !tasks.contains(where: { $0.name == head }) else {
                throw APIError.invalid(
                    "tasks[\(index)].head", "must not be the name of a task, found `\(head)`")
            }
        }
        return tasks
    }

    private func task(_ value: JSON, path: String) throws -> TaskSpec {
        var fields = try FieldReader(value, path: path)
        guard let name = try fields.identifier("name") else {
            throw fields.missing("name", "the task's name")
        }
        let kinds = TaskKind.allCases.map(\.rawValue)
        guard let kind = try fields.choice("kind", of: kinds).flatMap(TaskKind.init) else {
            throw fields.missing("kind", "one of \(Identifier.list(kinds))")
        }
        guard let dataset = try fields.identifier("dataset") else {
            throw fields.missing("dataset", "the id of an uploaded data set")
        }
        let task = TaskSpec(
            name: name, kind: kind, dataset: dataset,
            validation: try validation(&fields) ?? .fraction(0.1),
            test: try fields.identifier("test"),
            metric: try fields.choice("metric", of: kind.traits.metrics),
            format: try fields.choice("format", of: kind.traits.formats),
            head: kind == .classification ? try fields.identifier("head") : nil)
        try fields.finish()
        return task
    }

    private func validation(_ fields: inout FieldReader) throws -> HeldOut? {
        guard let value = fields.value("validation") else { return nil }
        if value.string != nil { return try fields.identifier("validation").map { .dataset($0) } }
        guard value.object != nil else {
            throw fields.invalid(
                "validation",
                "must be a data set id or {\"fraction\":0.1}, found \(FieldReader.found(value))")
        }
        var reader = try FieldReader(value, path: fields.parameter("validation"))
        guard let fraction = try reader.number("fraction", in: 0...0.5, openBelow: true) else {
            throw reader.missing("fraction", "the share of rows to hold out, up to 0.5")
        }
        try reader.finish()
        return .fraction(fraction)
    }
}
