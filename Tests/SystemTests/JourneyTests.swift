import Foundation
import Glibc
import JSON
import TestSupport
import Testing

/// On a random model of a few thousand weights: every step is real, only the text is not.
@Suite(.serialized) struct JourneyTests {
    @Test("Two uploads become a model that classifies and generates")
    func wholeWay() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let journey = try Journey(tiny: folder)
            defer { journey.server.kill() }
            let client = journey.client
            let alone = try client.post(
                "/v1/runs",
                [
                    "name": "alone", "weighting": ["method": "gradnorm"],
                    "tasks": [["name": "a", "kind": "classification", "dataset": "ds_1"]],
                ])
            #expect(alone.status == 400)
            #expect(alone.json["error"]?["param"] == "weighting.method")
            let id = try journey.train("bot", rows: 40, epochs: 2)
            let run = try client.wait(id, until: Journey.isOver)
            #expect(run["status"] == "succeeded", "\(run.text)")
            #expect(run["progress"]?.number == 1)
            let metrics = try client.get("/v1/runs/\(id)/metrics?name=loss&split=validation").json
            #expect((metrics["data"]?.array?.count ?? 0) >= 4)
            let events = try client.get("/v1/runs/\(id)/events?follow=true")
            #expect(events.head.contains("text/event-stream"))
            #expect(events.body.contains("succeeded"))

            let model = try client.get("/v1/models/bot").json
            #expect(model["id"] == run["model"])
            #expect(model["tasks"]?.array?.compactMap { $0["name"]?.string } == ["mood", "reply"])
            let classified = try client.post(
                "/v1/classify", ["model": "bot", "input": ["I love it"]])
            #expect(classified.status == 200, "\(classified.body)")
            let item = classified.json["data"]?.array?.first
            let sum = item?["probs"]?.array?.compactMap(\.number).reduce(0, +) ?? 0
            #expect(abs(sum - 1) < 1e-9)
            #expect(item?["labels"] == ["bad", "good"])

            let request: JSON = ["model": "bot", "prompt": "Say 1", "max_tokens": 8]
            let whole = try client.post("/v1/generate", request)
            #expect(whole.status == 200, "\(whole.body)")
            var streamed = request.object ?? [:]
            streamed["stream"] = true
            let stream = try client.post("/v1/generate", .object(streamed))
            let chunks = stream.body.components(separatedBy: "\n\n").compactMap {
                try? JSON.parse(String($0.dropFirst("data: ".count)))
            }
            let text = chunks.compactMap { $0["choices"]?.array?.first?["text"]?.string }.joined()
            #expect(text == whole.json["choices"]?.array?.first?["text"]?.string)
            #expect(stream.body.hasSuffix("data: [DONE]\n\n"))
            let long: JSON = [
                "model": "bot", "prompt": .string(String(repeating: "x", count: 900)),
            ]
            #expect(try client.post("/v1/generate", long).status == 400)
        }
    }

    @Test("A run goes on after its compute process, and then the server, were killed")
    func resumes() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let journey = try Journey(tiny: folder)
            defer { journey.server.kill() }
            let id = try journey.train("bot", rows: 200, epochs: 12)
            let before = try journey.client.wait(id, until: Journey.isUnderWay)
            #expect(before["status"] == "running", "the run is too short for this test")
            kill(try journey.client.workerPID("train"), SIGKILL)
            #expect(try journey.client.get("/livez").status == 200)
            let step = before["checkpoint_step"]?.integer ?? 0
            let resumed = try journey.client.wait(id) {
                Journey.isOver($0) || ($0["checkpoint_step"]?.integer ?? 0) > step
            }
            #expect(resumed["status"] == "running", "\(resumed.text)")
            journey.server.kill()
            try journey.server.start()
            let after = try journey.client.wait(id, until: Journey.isOver)
            #expect(after["status"] == "succeeded", "\(after.text)")
        }
    }

    @Test("A killed inference process gives a clear error, and the next request works")
    func inferenceDies() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let journey = try Journey(tiny: folder)
            defer { journey.server.kill() }
            let client = journey.client
            let request: JSON = ["model": "base", "prompt": "Hello", "max_tokens": 4]
            #expect(try client.post("/v1/generate", request).status == 200)
            // Stopped, it cannot answer before it is killed.
            let pid = try client.workerPID("infer")
            kill(pid, SIGSTOP)
            Thread.detachNewThread {
                usleep(300_000)
                kill(pid, SIGKILL)
            }
            let lost = try client.post("/v1/generate", request)
            #expect(lost.status == 503 || lost.status == 200, "\(lost.body)")
            if lost.status == 503 { #expect(lost.json["error"]?["code"] == "worker_lost") }
            let deadline = Date().addingTimeInterval(30)
            while Date() < deadline, try client.get("/readyz").status != 200 { usleep(50_000) }
            #expect(try client.post("/v1/generate", request).status == 200)
        }
    }

    @Test(
        "SmolLM2 learns two tasks, and serves them",
        .enabled(if: RealModel.isPresent))
    func realModel() async throws {
        try await onThread {
            let journey = try Journey(TemporaryFolder(), model: RealModel.path)
            defer { journey.server.kill() }
            let id = try journey.train("bot", rows: 16, epochs: 1, learningRate: 1e-4)
            let run = try journey.client.wait(id, seconds: 600, until: Journey.isOver)
            #expect(run["status"] == "succeeded", "\(run.text)")
            let classified = try journey.client.post(
                "/v1/classify", ["model": "bot", "input": ["I love it, number 3"]])
            #expect(classified.status == 200, "\(classified.body)")
            let generated = try journey.client.post(
                "/v1/generate", ["model": "bot", "prompt": "Say 3", "max_tokens": 8])
            #expect(generated.status == 200, "\(generated.body)")
            #expect(generated.json["choices"]?.array?.first?["text"]?.string?.isEmpty == false)
        }
    }
}
