import JSON
import Spec
import Store

/// Which model and which of its tasks a request means.
struct ModelChoice: Sendable {
    struct Task: Sendable {
        var name: String
        var kind: TaskKind
    }

    var model: ModelRecord
    /// nil: a pretrained model, which has no tasks, or a request that needs none.
    var task: Task?
}

/// What a request wants of a model.
enum Purpose: String {
    /// The answer of a head that reads.
    case classification
    /// A text.
    case generation
    /// A vector, which needs no task.
    case embedding

    func suits(_ kind: TaskKind) -> Bool {
        switch self {
        case .classification: !kind.traits.writesText
        case .generation: kind.traits.writesText
        case .embedding: false
        }
    }
}

extension API {
    /// Resolves `model` (an id, an alias, or `name:task`) and `task` of a request.
    ///
    /// A task may be left out where the model has exactly one that suits.
    func chooseModel(_ fields: inout FieldReader, for purpose: Purpose) async throws -> ModelChoice
    {
        let text = try fields.string("model")
        let parts = (text ?? "default").split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts.first ?? "")
        guard Identifier.isValid(name) else {
            throw fields.invalid("model", "must be a model's id or alias, or alias:task")
        }
        guard purpose != .embedding else {
            guard parts.count == 1 else {
                throw fields.invalid("model", "must be an id or alias alone: vectors need no task")
            }
            return ModelChoice(model: try await findModel(name, isDefault: text == nil))
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
        return ModelChoice(model: model, task: try Self.chooseTask(task, of: model, for: purpose))
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

    private static func chooseTask(
        _ name: String?, of model: ModelRecord, for purpose: Purpose
    ) throws -> ModelChoice.Task? {
        let tasks = model.tasks
        let fitting = tasks.compactMap { task in
            TaskKind(rawValue: task.kind).flatMap { kind in
                purpose.suits(kind) ? ModelChoice.Task(name: task.name, kind: kind) : nil
            }
        }
        let names = fitting.map(\.name)
        if let name {
            if let task = fitting.first(where: { $0.name == name }) { return task }
            let isOther = tasks.contains { $0.name == name }
            throw APIError.invalid(
                "task",
                (isOther
                    ? "`\(name)` is not a \(purpose.rawValue) task" : "`\(name)` is not a task")
                    + " of this model; its \(purpose.rawValue) tasks: \(listed(names))")
        }
        if fitting.count == 1 { return fitting[0] }
        if model.kind == "base" && purpose == .generation { return nil }
        throw APIError.invalid(
            "task",
            fitting.isEmpty
                ? "cannot be chosen: this model has no \(purpose.rawValue) task"
                : "is needed: this model has the \(purpose.rawValue) tasks \(listed(names))")
    }

    private static func listed(_ names: [String]) -> String {
        names.isEmpty ? "none" : Identifier.list(names)
    }
}
