import Foundation
import HTTP
import JSON
import Spec
import Store

/// Data sets and models to begin with.
extension Fixture {
    @discardableResult
    func upload(_ name: String, _ rows: String, fields: [String: String] = [:]) async -> Answer {
        await send(
            .post, "/v1/datasets", query: [("name", name)], fields: fields, body: rows)
    }

    /// Ten labelled rows.
    static let labelled = (0..<10).map {
        "{\"text\":\"row \($0)\",\"label\":\"\($0 % 2 == 0 ? "good" : "bad")\"}\n"
    }.joined()
    /// Ten prompts with completions.
    static let completions = (0..<10).map {
        "{\"prompt\":\"question \($0)\",\"completion\":\"answer \($0)\"}\n"
    }.joined()

    func datasetID(_ rows: String) async -> String {
        await upload("rows", rows).json["id"]?.string ?? ""
    }

    @discardableResult
    func makeBase(_ name: String = "tiny", more: JSONObject = [:]) throws -> ModelRecord {
        var summary: JSONObject = [
            "architecture": "llama", "parameters": 1000, "context_length": 512, "vocabulary": 100,
            "tasks": [],
        ]
        for (name, value) in more.members { summary[name] = value }
        return try store.createBaseModel(
            name: name, sha256: try keep("base \(name)"), summary: .object(summary))
    }

    /// A fine-tuned model with two tasks of each kind, under the alias of its run's name.
    func makeTuned(_ name: String = "default", tasks: [JSON] = Fixture.tasks) async throws -> String
    {
        try makeBase()
        let dataset = await datasetID(Self.labelled)
        let run = try store.createRun(
            RunSpec(
                name: name, baseModel: "tiny",
                tasks: [TaskSpec(name: "mood", kind: .classification, dataset: dataset)]),
            idempotency: nil)
        let lease = try store.leaseNextRun()
        let model = try store.finishRun(
            run.id, fence: lease?.fence ?? 0, weightsSHA256: try keep("weights \(name)"),
            summary: ["context_length": 512, "tasks": .array(tasks)])
        return model?.id ?? ""
    }

    static let tasks: [JSON] = [
        ["name": "mood", "kind": "classification", "labels": ["bad", "good"], "format": "raw"],
        ["name": "topic", "kind": "classification", "labels": ["a", "b"], "format": "raw"],
        ["name": "reply", "kind": "generation", "labels": [], "format": "chat"],
    ]

    private func keep(_ text: String) throws -> String {
        let writer = try store.blobs.writer()
        try writer.write(Array(text.utf8))
        return try writer.keep()
    }
}
