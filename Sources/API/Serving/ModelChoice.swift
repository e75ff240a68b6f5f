import JSON
import Spec
import Store

/// Which model and which of its tasks a request means.
struct ModelChoice: Sendable {
    var model: ModelRecord
    /// nil: a pretrained model, which has no tasks.
    var task: String?
}

extension API {
    /// Resolves `model` (an id, an alias, or `name:task`) and `task` of a request.
    ///
    /// A task may be left out where the model has exactly one of the kind.
    func chooseModel(_ fields: inout FieldReader, kind: TaskKind) async throws -> ModelChoice {
        let text = try fields.string("model")
        let parts = (text ?? "default").split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts.first ?? "")
        guard Identifier.isValid(name) else {
            throw fields.invalid("model", "must be a model's id or alias, or alias:task")
        }
        var task = try fields.identifier("task")
        if parts.count == 2 {
            let suffix = String(parts[1])
            guard Identifier.isValid(suffix), task == nil || task == suffix else {
                throw fields.invalid("model", "names another task than `task`")
            }
            task = suffix
        }
        let model = try await findModel(name, isDefault: text == nil)
        return ModelChoice(model: model, task: try Self.chooseTask(task, of: model, kind: kind))
    }

    private func findModel(_ name: String, isDefault: Bool) async throws -> ModelRecord {
        do {
            return try await stored { try $0.model(name) }
        } catch let error as StoreError where error.code == "not_found" {
            throw APIError(
                .notFound,
                isDefault
                    ? "no `model` is named and the alias `default` is not set: name a model (GET "
                        + "/v1/models lists them), or train a run called `default`"
                    : "there is no model `\(name)`; GET /v1/models lists what there is",
                parameter: "model")
        }
    }

    static func chooseTask(
        _ task: String?, of model: ModelRecord, kind: TaskKind
    ) throws -> String? {
        let tasks = model.tasks
        let fitting = tasks.filter { $0.kind == kind.rawValue }.map(\.name)
        if let task {
            if fitting.contains(task) { return task }
            let isOther = tasks.contains { $0.name == task }
            throw APIError.invalid(
                "task",
                (isOther ? "`\(task)` is not a \(kind.rawValue) task" : "`\(task)` is not a task")
                    + " of this model; its \(kind.rawValue) tasks: \(listed(fitting))")
        }
        if fitting.count == 1 { return fitting[0] }
        if model.kind == "base" && kind == .generation { return nil }
        throw APIError.invalid(
            "task",
            fitting.isEmpty
                ? "cannot be chosen: this model has no \(kind.rawValue) task"
                : "is needed: this model has the \(kind.rawValue) tasks \(listed(fitting))")
    }

    private static func listed(_ names: [String]) -> String {
        names.isEmpty ? "none" : Identifier.list(names)
    }
}
