import Foundation
import JSON
import TestSupport
import Testing

/// A BERT in Hugging Face's layout through the real binary: every kind of task that an encoder can
/// learn in one run, then served.
@Suite(.serialized) struct EncoderTests {
    private static let rows: [(kind: String, row: @Sendable (Int) -> String)] = [
        (
            "classification",
            { #"{"text":"\#($0 % 2 == 0 ? "good" : "bad") \#($0)","label":"\#($0 % 2)"}"# }
        ),
        (
            "multi_label",
            { #"{"text":"ant \#($0)","labels":["a"\#($0 % 2 == 0 ? #","b""# : "")]}"# }
        ),
        (
            "regression",
            { #"{"text":"\#($0 % 2 == 0 ? "low" : "top") \#($0)","score":\#($0 % 2)}"# }
        ),
        (
            "pair_classification",
            {
                #"{"text":"it \#($0)","text_pair":"\#($0 % 2 == 0 ? "so" : "no")","label":"\#($0 % 2)"}"#
            }
        ),
        (
            "token_classification",
            { #"{"tokens":["ann","saw","\#($0)"],"tags":["B-PER","O","O"]}"# }
        ),
    ]

    @Test("An imported encoder gives vectors, learns every kind that it can, and serves them")
    func wholeWay() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            try TinyBERTFolder.write(folder.file("bert"))
            let journey = try Journey(folder, model: folder.file("bert"))
            defer { journey.server.kill() }
            let client = journey.client
            let vectors = try client.post(
                "/v1/embeddings", ["model": "base", "input": ["good", "bad"]])
            #expect(vectors.status == 200, "\(vectors.body)")
            for item in vectors.json["data"]?.array ?? [] {
                let values = item["embedding"]?.array?.compactMap(\.number) ?? []
                #expect(values.count == 16)
                #expect(abs(values.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
            }

            var tasks: [JSON] = []
            for (kind, row) in Self.rows {
                let text = (0..<40).map(row).joined(separator: "\n")
                let id = try client.upload(kind, text).json["id"] ?? nil
                tasks.append(["name": .string(kind), "kind": .string(kind), "dataset": id])
            }
            let started = try client.post(
                "/v1/runs",
                [
                    "name": "bot", "tasks": .array(tasks), "epochs": 4, "max_length": 48,
                    "batch_tokens": 128, "optimizer": ["learning_rate": 0.01],
                    "weighting": ["method": "uncertainty"],
                ])
            #expect(started.status == 202, "\(started.body)")
            let id = started.json["id"]?.string ?? ""
            let run = try client.wait(id, until: Journey.isOver)
            #expect(run["status"] == "succeeded", "\(run.text)")
            let metrics = try client.get("/v1/runs/\(id)/metrics?split=validation&limit=1000").json
            let names = Set((metrics["data"]?.array ?? []).compactMap { $0["name"]?.string })
            #expect(
                names.isSuperset(of: [
                    "accuracy", "macro_f1", "micro_f1", "subset_accuracy", "mse", "pearson",
                    "spearman", "entity_f1",
                ]))
            let report = try client.get("/v1/runs/\(id)/interference")
            #expect(report.status == 200, "\(report.body)")

            func item(_ task: String, _ input: JSON) throws -> JSON {
                let answer = try client.post(
                    "/v1/classify", ["model": "bot", "task": .string(task), "input": input])
                #expect(answer.status == 200, "\(answer.body)")
                return answer.json["data"]?.array?.first ?? .null
            }
            #expect(try item("classification", "good 2")["activation"] == "softmax")
            #expect(try item("multi_label", "ant 2")["predicted"]?.array?.contains("a") == true)
            let (low, top) = (try item("regression", "low 2"), try item("regression", "top 3"))
            #expect((low["value"]?.number ?? 1) < (top["value"]?.number ?? 0))
            #expect(try item("pair_classification", [["it 2", "so"]])["labels"] == ["0", "1"])
            let words = try item("token_classification", "ann saw 7")
            #expect(words["tokens"]?.array?.compactMap { $0["end"]?.integer } == [3, 7, 9])
            #expect(words["tokens"]?.array?.first?["label"] == "B-PER")
            #expect(words["entities"]?.array?.first?["label"] == "PER")
        }
    }
}
