import Datasets
import JSON
import Spec
import Store

/// What a run needs of the store: its data sets with the right columns, its base model.
struct RunChecks {
    let store: Store
    let catalogue: [MethodDescriptor]

    /// - Returns: the spec with its base model resolved to an id.
    /// - Throws: `APIError` naming the parameter at fault.
    func resolve(_ spec: RunSpec) throws -> RunSpec {
        var spec = spec
        let base = try baseModel(spec)
        spec.baseModel = base.id
        if let taken = try store.found({ try $0.model(spec.name) }), taken.kind == "base" {
            throw APIError.invalid(
                "name", "must not be the name of a pretrained model, found `\(spec.name)`")
        }
        if let context = base.contextLength, spec.maxLength > context {
            throw APIError.invalid(
                "max_length",
                "must be at most the base model's context of \(context), found \(spec.maxLength)")
        }
        try BaseModelChecks(store: store, catalogue: catalogue).check(spec, base)
        for (index, task) in spec.tasks.enumerated() {
            try check(task, base, path: "tasks[\(index)]")
        }
        try HeadChecks(store: store, spec: spec, base: base).check()
        return spec
    }

    private func baseModel(_ spec: RunSpec) throws -> ModelRecord {
        if !spec.baseModel.isEmpty {
            guard let model = try store.found({ try $0.model(spec.baseModel) }) else {
                throw APIError.invalid(
                    "base_model",
                    "`\(spec.baseModel)` does not exist; GET /v1/models lists what does")
            }
            return model
        }
        if let model = try store.found({ try $0.model("default-base") }), model.kind == "base" {
            return model
        }
        let models = try store.models(PageQuery(limit: 100)).items.filter { $0.kind == "base" }
        guard let only = models.first, models.count == 1 else {
            throw APIError.missing(
                "base_model",
                models.isEmpty
                    ? "a pretrained model: import one first (polytask models import FILE)"
                    : "one of \(Identifier.list(models.map(\.name)))")
        }
        return only
    }

    private func check(_ task: TaskSpec, _ base: ModelRecord, path: String) throws {
        if let kinds = base.taskKinds, !kinds.contains(task.kind.rawValue) {
            throw APIError.invalid(
                "\(path).kind",
                "must be one that `\(base.name)` can learn ("
                    + kinds.joined(separator: ", ") + "), found \(task.kind.rawValue)")
        }
        let train = try dataset(task.dataset, "\(path).dataset")
        // Rows of bare text are learnt as they are.
        if task.format == "chat", train.summary.format != RowFormat.text.rawValue,
            base.hasChatTemplate == false
        {
            throw APIError.invalid(
                "\(path).format",
                "must be `raw`, since `\(base.name)` has no chat template; found chat")
        }
        try checkFormat(train, task.kind, "\(path).dataset")
        try checkMetric(task, train, "\(path).metric")
        let labelsMin = task.kind.traits.labelsMin
        guard train.summary.labels.count >= labelsMin else {
            throw APIError.invalid(
                "\(path).dataset",
                "must have at least \(labelsMin) labels, found \(train.summary.labels.count)")
        }
        switch task.validation {
        case .fraction(let fraction):
            guard Double(train.summary.rows) * fraction >= 1 else {
                throw APIError.invalid(
                    "\(path).validation.fraction",
                    "must hold out at least one of the \(train.summary.rows) rows, found "
                        + "\(fraction)")
            }
            // No label loses its last training row, no text stands on both sides.
            let hasOneLabel = [.classification, .pairClassification].contains(task.kind)
            let largest =
                hasOneLabel ? train.summary.labels.values.max() ?? 0 : train.summary.rows
            guard min(largest, train.summary.rows - train.summary.duplicates) > 1 else {
                throw APIError.invalid(
                    "\(path).validation",
                    "cannot hold a row out: the data set has no two different rows"
                        + (hasOneLabel ? " of one label" : "")
                        + "; add rows or name a validation data set")
            }
        case .dataset(let id):
            try checkHeldOut(id, train, task.kind, "\(path).validation")
        }
        if let test = task.test { try checkHeldOut(test, train, task.kind, "\(path).test") }
    }

    private func checkHeldOut(
        _ id: String, _ train: DatasetRecord, _ kind: TaskKind, _ parameter: String
    ) throws {
        guard id != train.id else {
            throw APIError.invalid(parameter, "must not be the data set that is trained on")
        }
        let record = try dataset(id, parameter)
        try checkFormat(record, kind, parameter)
        guard kind.traits.labelsMin > 0 else { return }
        let unknown = record.summary.labels.keys.filter { train.summary.labels[$0] == nil }
        guard unknown.isEmpty else {
            throw APIError.invalid(
                parameter,
                "has labels that the training data lacks: \(Identifier.list(unknown.sorted()))")
        }
    }

    private func checkFormat(
        _ record: DatasetRecord, _ kind: TaskKind, _ parameter: String
    ) throws {
        let wanted = RowFormat.learnt(by: kind)
        guard !wanted.contains(where: { $0.rawValue == record.summary.format }) else { return }
        throw APIError.invalid(
            parameter,
            "must have the columns \(RowFormat.described(wanted)) for \(kind.rawValue), found "
                + Identifier.list(record.summary.columns))
    }

    /// A metric that needs more than its kind's rows have in common.
    private func checkMetric(
        _ task: TaskSpec, _ train: DatasetRecord, _ parameter: String
    ) throws {
        if task.metric == "entity_f1", !EntitySpan.areTold(by: train.summary.labels.keys) {
            throw APIError.invalid(
                parameter, "`entity_f1` needs tags of the form B-… and I-…; take `accuracy`")
        }
        if task.metric == "bleu", train.summary.format == RowFormat.text.rawValue {
            throw APIError.invalid(
                parameter, "`bleu` needs rows with something to answer: prompts or messages")
        }
    }

    private func dataset(_ id: String, _ parameter: String) throws -> DatasetRecord {
        guard let record = try store.found({ try $0.dataset(id) }) else {
            throw APIError.invalid(
                parameter, "`\(id)` does not exist; GET /v1/datasets lists what does")
        }
        return record
    }
}
