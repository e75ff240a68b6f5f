import JSON
import Spec
package import Store

/// Where a model comes from and what it is good for, as the store knows it: in the model object,
/// and as the README.md of an export.
package struct ModelCard: Sendable {
    let model: ModelRecord
    let run: RunRecord?
    /// The pretrained model under it; nil when it is one itself or is gone.
    let base: ModelRecord?
    /// The last value of each of a task's measures, on test rows where the run had some.
    let scores: [Score]
    let bytes: Int

    struct Score: Sendable, Equatable {
        var task: String
        var name: String
        var split: String
        var value: Double
    }

    /// Measures that say how training went, not how good the model is.
    private static let processNames: Set<String> = [
        "grad_norm", "loss_weight", "sample_share", "learning_rate",
    ]
    private static let pointsMax = 10_000

    /// - Throws: `StoreError`.
    package init(_ model: ModelRecord, store: Store) throws {
        self.model = model
        run = try model.run.map { try store.run($0) }
        base = model.kind == "base" ? nil : try store.baseModel(sha256: model.baseSHA256)
        scores = try model.run.map { try Self.scores(of: $0, store) } ?? []
        bytes = [model.baseSHA256, model.weightsSHA256].compactMap(\.self)
            .reduce(0) { $0 + (store.blobs.size($1) ?? 0) }
    }

    private static func scores(of run: String, _ store: Store) throws -> [Score] {
        for split in ["test", "validation"] {
            let all = try store.metrics(
                run: run, task: nil, name: nil, split: split, afterStep: nil, after: nil,
                limit: pointsMax
            ).items.map(\.point)
            let kept = split == "validation" ? InterferenceSources.kept(all) : nil
            let points = (kept ?? all).filter {
                !$0.task.isEmpty && !processNames.contains($0.name)
            }
            guard !points.isEmpty else { continue }
            var last: [String: (step: Int, score: Score)] = [:]
            for point in points where point.step >= last["\(point.task) \(point.name)"]?.step ?? 0 {
                last["\(point.task) \(point.name)"] = (
                    point.step,
                    Score(
                        task: point.task, name: point.name, split: split, value: point.value)
                )
            }
            return last.sorted { $0.key < $1.key }.map(\.value.score)
        }
        return []
    }

    var license: String? { model.summary["license"]?.string }
    /// What the tasks were trained on: `data` of the summary's tasks.
    var tasks: [JSON] { model.summary["tasks"]?.array ?? [] }

    /// What `GET /v1/models/{id}` says beyond the list.
    var json: JSONObject {
        [
            "bytes": .count(bytes), "license": .optional(license),
            "source": model.summary["source"] ?? .null,
            "base_model": base.map { ["id": .string($0.id), "name": .string($0.name)] } ?? .null,
            "scores": .array(
                scores.map {
                    [
                        "task": .string($0.task), "name": .string($0.name),
                        "split": .string($0.split), "value": .measure($0.value),
                    ]
                }),
            "training": run.map { $0.spec.json } ?? .null,
        ]
    }
}
