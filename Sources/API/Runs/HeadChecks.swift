import JSON
import Spec
import Store

/// What the heads of a run have to do with those of its base model, which keeps the heads of tasks
/// that the run does not name.
struct HeadChecks {
    let store: Store
    let spec: RunSpec
    let base: ModelRecord

    /// - Throws: `APIError` naming the parameter at fault.
    func check() throws {
        try checkLearnt()
        for (index, task) in spec.tasks.enumerated() {
            try checkName(task, path: "tasks[\(index)]")
        }
    }

    private var known: [JSON] { base.summary["tasks"]?.array ?? [] }

    private func checkLearnt() throws {
        guard spec.startsLearnt == true, let learnt = spec.stages?.first else { return }
        let names = known.compactMap { $0["name"]?.string }
        if let unknown = learnt.first(where: { !names.contains($0) }) {
            throw APIError.invalid(
                "learnt",
                "must name tasks of base_model, which has "
                    + (names.isEmpty ? "none" : Identifier.list(names)) + ", found "
                    + Identifier.shown(unknown))
        }
        for task in spec.tasks where learnt.contains(task.name) {
            try checkKnown(task, known.first { $0["name"]?.string == task.name } ?? .null)
        }
    }

    /// A learnt task's head is the one that the base model has.
    private func checkKnown(_ task: TaskSpec, _ known: JSON) throws {
        guard known["kind"]?.string == task.kind.rawValue, known["head"]?.string == task.head
        else {
            throw APIError.invalid(
                "learnt",
                "names `\(task.name)`, which `\(base.name)` has with another kind or head: "
                    + (known["kind"]?.string ?? "") + ", "
                    + (known["head"]?.string.map { "head `\($0)`" } ?? "a head of its own"))
        }
        guard labels(known) == (try store.labels(ofHead: task, in: spec)) else {
            let rule =
                task.head == nil
                ? "give the data set that it was trained on"
                : "a learnt task's head keeps its labels: list all tasks that share it, and train "
                    + "`\(task.name)` in a stage where new ones come in"
            throw APIError.invalid(
                "learnt",
                "names `\(task.name)`, which `\(base.name)` has with other labels than the data's; "
                    + rule)
        }
    }

    /// A head of the base model that stays has its name to itself, or is shared with its labels.
    private func checkName(_ task: TaskSpec, path: String) throws {
        let (name, own) = (task.head ?? task.name, spec.tasks.map(\.name))
        for other in known {
            guard let kept = other["name"]?.string, !own.contains(kept),
                (other["head"]?.string ?? kept) == name
            else { continue }
            if task.head != nil, other["head"]?.string == task.head,
                labels(other) == (try store.labels(ofHead: task, in: spec))
            {
                continue
            }
            throw APIError.invalid(
                task.head == nil ? "\(path).name" : "\(path).head",
                "must not be that of a head of `\(base.name)` with other labels: `\(name)` is what "
                    + "its task `\(kept)` uses; take another one, or train `\(kept)` in this run "
                    + "too")
        }
    }

    private func labels(_ known: JSON) -> [String] {
        known["labels"]?.array?.compactMap(\.string).sorted() ?? []
    }
}
