import Datasets
import Models
import Spec

/// One task's examples, ready to train on and to be evaluated on.
struct TaskData {
    var spec: TaskSpec
    /// Sorted; the index is the class. Those of all tasks of the same head; empty for kinds without
    /// labels.
    var labels: [String]
    var training: [Example]
    var validation: [Example]
    var test: [Example]
    /// Rows that were longer than the run's longest sequence.
    var cut: Int
    /// Held-out rows, of data sets of their own, whose text is also trained on.
    var known = 0

    /// Whether it is judged by texts that the model writes.
    var isWritten: Bool { spec.metric == "bleu" }

    /// Reads, splits and encodes a task's data sets.
    /// - Throws: `TrainingError` where the rows do not suit the task.
    static func load(
        _ task: TaskSpec, index: Int, run: RunSpec, inputs: TrainingInputs, model: Model
    ) throws -> TaskData {
        let rows = try self.rows(task.dataset, task: task, inputs: inputs)
        let partners = run.sharingHead(task).filter { $0.name != task.name }
        let theirs = try partners.flatMap { try self.rows($0.dataset, task: $0, inputs: inputs) }
        let labels = try self.labels(rows + theirs, task: task)
        var encoder = RowEncoder(
            model, task: task, index: index, labels: labels,
            maxLength: min(run.maxLength, model.backbone.configuration.contextLength))
        let own = try encode(rows, &encoder)
        var training = own
        var validation: [Example]
        lazy var trained = Set(rows.map(\.question))
        var known = 0
        func heldOut(_ id: String) throws -> [Example] {
            let rows = try self.rows(id, task: task, inputs: inputs)
            known += rows.count { trained.contains($0.question) }
            return try encode(rows, &encoder)
        }
        switch task.validation {
        case .fraction(let fraction):
            let split = HeldOutSplit.split(rows, fraction: fraction)
            training = split.training.map { own[$0] }
            validation = split.heldOut.map { own[$0] }
        case .dataset(let id):
            validation = try heldOut(id)
        }
        let test = try task.test.map(heldOut)
        guard !training.isEmpty, !validation.isEmpty else {
            throw TrainingError(
                code: "dataset_empty",
                message: "task \(task.name): \(rows.count) rows with "
                    + "\(Set(rows.map(\.question)).count) different texts are too few to hold one "
                    + "out for validation; add rows or name a validation data set")
        }
        return TaskData(
            spec: task, labels: labels, training: training, validation: validation,
            test: test ?? [], cut: encoder.cut, known: known)
    }

    private static func encode(_ rows: [Row], _ encoder: inout RowEncoder) throws -> [Example] {
        var examples: [Example] = []
        examples.reserveCapacity(rows.count)
        for (index, row) in rows.enumerated() {
            examples.append(try encoder.example(row, number: index + 1))
        }
        return examples
    }

    private static func rows(
        _ id: String, task: TaskSpec, inputs: TrainingInputs
    ) throws -> [Row] {
        guard let path = inputs.datasets[id] else {
            throw TrainingError(
                code: "dataset_missing",
                message: "task \(task.name): the data set \(id) was not handed to the worker")
        }
        let rows = try DatasetFile.rows(path)
        guard !rows.isEmpty else {
            throw TrainingError(
                code: "dataset_empty",
                message: "task \(task.name): the data set \(id) has no rows")
        }
        return rows
    }

    private static func labels(_ rows: [Row], task: TaskSpec) throws -> [String] {
        let fewest = task.kind.traits.labelsMin
        guard fewest > 0 else { return [] }
        let labels = Set(rows.flatMap(\.labels)).sorted()
        guard labels.count >= fewest else {
            throw TrainingError(
                code: "dataset_format",
                message: "task \(task.name): \(task.kind.rawValue) needs at least \(fewest) "
                    + "labels in the data set \(task.dataset), found \(labels.count)")
        }
        guard task.metric != "entity_f1" || EntitySpan.areTold(by: labels) else {
            throw TrainingError(
                code: "dataset_format",
                message: "task \(task.name): metric entity_f1 needs tags of the form B-… and I-…; "
                    + "take accuracy")
        }
        return labels
    }
}
