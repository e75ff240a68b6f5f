import Foundation
import JSON
import TestSupport
import Testing

/// A served model gets another task in a run of its own.
@Suite(.serialized) struct AddTaskTests {
    private func task(_ name: JSON, _ dataset: JSON) -> JSON {
        ["name": name, "kind": "classification", "dataset": dataset]
    }

    private func classified(_ client: Client, _ task: JSON) throws -> String? {
        let answer = try client.post(
            "/v1/classify", ["model": "bot", "task": task, "input": "I love it, number 3"])
        #expect(answer.status == 200, "\(answer.body)")
        return answer.json["data"]?.array?.first?["label"]?.string
    }

    @Test("a task is added to a served model, which keeps the ones that it has")
    func add() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let journey = try Journey(tiny: folder)
            defer { journey.server.kill() }
            let client = journey.client
            let first = try journey.train("bot", rows: 40, epochs: 4, learningRate: 1e-2)
            let trained = try client.wait(first, until: Journey.isOver)
            #expect(trained["status"] == "succeeded", "\(trained.text)")
            let before = trained["model"]?.string
            #expect(try classified(client, "mood") == "good")

            let tasks = trained["spec"]?["tasks"]?.array ?? []
            let parity = (0..<40).map { #"{"text":"number \#($0)","label":"\#($0 % 2)"}"# + "\n" }
            let dataset = try client.upload("parity", parity.joined()).json["id"] ?? nil
            let answer = try client.post(
                "/v1/runs",
                [
                    "name": "bot", "base_model": "bot", "learnt": ["mood", "reply"],
                    "tasks": .array(tasks + [task("parity", dataset)]), "max_length": 64,
                    "batch_tokens": 256, "retention": [["method": "replay"]], "epochs": 2,
                ])
            #expect(answer.status == 202, "\(answer.body)")
            let second = answer.json["id"]?.string ?? ""

            // Paused wherever it is by then, and resumed.
            #expect(try client.post("/v1/runs/\(second)/pause", [:]).status == 202)
            let paused = try client.wait(second) { $0["status"] == "paused" || Journey.isOver($0) }
            #expect(paused["status"] == "paused", "\(paused.text)")
            #expect(try client.post("/v1/runs/\(second)/resume", [:]).status == 202)
            let done = try client.wait(second, until: Journey.isOver)
            #expect(done["status"] == "succeeded", "\(done.text)")

            let after = try client.get("/v1/models/bot").json
            #expect(after["id"]?.string != before)
            #expect(
                after["tasks"]?.array?.compactMap { $0["name"]?.string }
                    == ["mood", "reply", "parity"])
            #expect(try classified(client, "mood") == "good")
            #expect(["0", "1"].contains(try classified(client, "parity")))
            let report = try client.get("/v1/runs/\(second)/interference").json
            let rows = report["r_matrix"]?.array ?? []
            #expect(rows.count == 2)
            #expect(rows.first?["scores"] == report["base"])
        }
    }
}
