import API
import Datasets
import Foundation
import HTTP
import JSON
import Spec
import Store
import Testing

@Suite struct ReportTests {
    private func body(_ fixture: Fixture, _ extra: JSONObject = [:]) async throws -> JSON {
        try fixture.makeBase()
        let (a, b) = (
            await fixture.datasetID(Fixture.labelled), await fixture.datasetID(Fixture.completions)
        )
        var object: JSONObject = [
            "name": "bot",
            "tasks": [
                ["name": "mood", "kind": "classification", "dataset": .string(a)],
                ["name": "reply", "kind": "generation", "dataset": .string(b)],
            ],
        ]
        for member in extra.members { object[member.name] = member.value }
        return .object(object)
    }

    @Test("Baselines are queued behind their run, listed with it and cancelled with it")
    func baselines() async throws {
        let fixture = try Fixture()
        let body = try await body(fixture, ["baselines": ["single_task", "equal"]])
        let made = await fixture.post("/v1/runs", body)
        #expect(made.status == 202, "\(made.text)")
        let id = made.json["id"]?.string ?? ""
        #expect(made.json["spec"]?["baselines"] == ["single_task", "equal"])
        let runs = await fixture.send(.get, "/v1/runs", query: [("order", "asc")])
        let listed = runs.json["data"]?.array ?? []
        #expect(listed.count == 4)
        #expect(listed.filter { $0["parent"]?.string == id }.count == 3)
        #expect(try fixture.store.leaseNextRun()?.id == id)
        let report = await fixture.send(.get, "/v1/runs/\(id)/interference")
        #expect(
            report.json["baselines"]
                == ["bot.single_task.mood", "bot.single_task.reply", "bot.equal"])
        // One of them is under way when the run has ended: cancelling is still for something.
        let fence = try fixture.store.run(id).fence
        let blob = try fixture.store.blobs.writer()
        try blob.write(Array("weights".utf8))
        _ = try fixture.store.finishRun(
            id, fence: fence, weightsSHA256: try blob.keep(), summary: ["tasks": []])
        let running = try #require(try fixture.store.leaseNextRun())
        #expect(running.parent == id && running.baseline == "single_task")
        #expect(await fixture.send(.post, "/v1/runs/\(id)/cancel").status == 202)
        let after = try fixture.store.baselines(of: id)
        #expect(after.map(\.status) == [.running, .cancelled, .cancelled])
        #expect(after[0].cancelRequested)
        #expect(try fixture.store.run(id).status == .succeeded)
    }

    @Test("A baseline keeps its scores and no model; one whose run failed is dropped")
    func endings() async throws {
        let fixture = try Fixture()
        let body = try await body(fixture, ["baselines": ["equal"]])
        let id = await fixture.post("/v1/runs", body).json["id"]?.string ?? ""
        let lease = try #require(try fixture.store.leaseNextRun())
        let writer = try fixture.store.blobs.writer()
        try writer.write(Array("own".utf8))
        _ = try fixture.store.finishRun(
            id, fence: lease.fence, weightsSHA256: try writer.keep(), summary: ["tasks": []])
        let child = try #require(try fixture.store.leaseNextRun())
        let other = try fixture.store.blobs.writer()
        try other.write(Array("child".utf8))
        let weights = try other.keep()
        let model = try fixture.store.finishRun(
            child.id, fence: child.fence, weightsSHA256: weights, summary: ["tasks": []])
        #expect(model == nil && !fixture.store.blobs.contains(weights))
        #expect(try fixture.store.run(child.id).status == .succeeded)
        #expect(try fixture.store.run(child.id).model == nil)

        let failing = await fixture.post("/v1/runs", body).json["id"]?.string ?? ""
        let second = try #require(try fixture.store.leaseNextRun())
        #expect(second.id == failing)
        try fixture.store.endRun(
            failing, fence: second.fence, status: .failed, errorCode: "diverged",
            errorMessage: "x")
        #expect(try fixture.store.baselines(of: failing).map(\.status) == [.cancelled])
    }

    @Test("The report comes as a page to who asks for one, and suggests a run that is accepted")
    func page() async throws {
        let fixture = try Fixture()
        let id = await fixture.post("/v1/runs", try await body(fixture)).json["id"]?.string ?? ""
        let path = "/v1/runs/\(id)/interference"
        for (accept, isPage) in [
            ("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", true), ("application/json", false),
            ("*/*", false), ("application/json, text/html", false),
        ] {
            let answer = await fixture.send(.get, path, fields: ["Accept": accept])
            #expect(
                answer.fields["Content-Type"]?.hasPrefix("text/html") == isPage, "\(accept)")
            #expect(answer.fields["Vary"] == "Accept")
        }
        let html = await fixture.send(.get, path, query: [("format", "html")])
        #expect(html.text.hasPrefix("<p>bot {\"name\":\"bot-2\""))
        #expect(html.fields["Content-Security-Policy"]?.hasPrefix("default-src 'none'") == true)
        let json = await fixture.send(.get, path, query: [("format", "json")])
        let next = try #require(json.json["suggestion"]?["run"])
        #expect(await fixture.post("/v1/runs", next).status == 202)
        #expect(await fixture.send(.get, path, query: [("format", "pdf")]).status == 400)
    }

    @Test("A run that went back to an earlier model is compared with that model's scores")
    func restored() async throws {
        let fixture = try Fixture()
        let id = await fixture.post("/v1/runs", try await body(fixture)).json["id"]?.string ?? ""
        let fence = try #require(try fixture.store.leaseNextRun()).fence
        func evaluation(_ step: Int, _ accuracy: Double) -> MetricPoint {
            MetricPoint(
                task: "mood", name: "accuracy", split: "validation", epoch: 1, step: step,
                value: accuracy)
        }
        func end(_ step: Int, _ stage: Double) -> MetricPoint {
            MetricPoint(
                name: "stage_end", split: "validation", epoch: 1, step: step, value: stage)
        }
        func own(_ points: [MetricPoint]) async throws -> JSON? {
            try fixture.store.recordMetrics(id, fence: fence, points)
            return await fixture.send(.get, "/v1/runs/\(id)/interference").json["own"]
        }
        // No stage has ended: the latest, the mark itself among them.
        let first = try await own([evaluation(0, 0.1), end(0, 0), evaluation(10, 0.9)])
        #expect(first?.array?.contains(0.9) == true)
        #expect(try await own([evaluation(20, 0.4), end(10, 1)]) == [0.9])
        #expect(try await own([evaluation(30, 0.7), end(30, 2)]) == [0.7])
    }

    @Test("Loss weights come as their means by epoch, and only where something weighs")
    func weights() async throws {
        for isWeighted in [true, false] {
            let fixture = try Fixture()
            let extra: JSONObject = isWeighted ? ["weighting": ["method": "gradnorm"]] : [:]
            let made = await fixture.post("/v1/runs", try await body(fixture, extra))
            let id = made.json["id"]?.string ?? ""
            let fence = try #require(try fixture.store.leaseNextRun()).fence
            let points = (1...6).map {
                MetricPoint(
                    task: "mood", name: "loss_weight", epoch: $0 <= 4 ? 1 : 2, step: $0,
                    value: Double($0))
            }
            try fixture.store.recordMetrics(id, fence: fence, points)
            let report = await fixture.send(.get, "/v1/runs/\(id)/interference").json
            let found = (report["weights"]?.array ?? []).compactMap(\.number).sorted()
            #expect(found == (isWeighted ? [2.5, 5.5] : []))
        }
    }

    @Test("Validation resolves and estimates, and starts nothing")
    func validation() async throws {
        let fixture = try Fixture()
        let body = try await body(
            fixture, ["epochs": 3, "baselines": ["equal"], "stages": "sequential"])
        let answer = await fixture.post("/v1/runs/validate", body)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["spec"]?["epochs"] == 3)
        let estimate = answer.json["estimate"]
        #expect(estimate?["runs"] == 2 && estimate?["seconds"] == .null)
        // Nine tenths of the rows are trained on, three times; the fixture's model has 1000 values.
        let rows = try [0, 1].map { index in
            let id = answer.json["spec"]?["tasks"]?.array?[index]["dataset"]?.string ?? ""
            return Double(try fixture.store.dataset(id).summary.rows)
        }
        let expected = Int64((rows.reduce(0, +) * 0.9 * 3).rounded())
        #expect(estimate?["rows"]?.integer == expected)
        #expect(estimate?["memory_bytes"] == 16_000)
        // Two networks, of which one trains; an adapter beside weights that do not.
        for (method, bytes) in [("progressive", 20_000), ("lora", 4000), ("full", 16_000)] {
            var adapted = try #require(body.object)
            adapted["adaptation"] = ["method": .string(method)]
            let cost = await fixture.post("/v1/runs/validate", .object(adapted)).json["estimate"]
            #expect(cost?["memory_bytes"]?.integer == Int64(bytes), "\(method)")
        }
        for (method, rate) in [("progressive", 2e-5), ("lora", 2e-4), ("heads", 1e-3)] {
            var adapted = try #require(body.object)
            adapted["adaptation"] = ["method": .string(method)]
            adapted["tasks"] = .array(Array(body["tasks"]?.array?.prefix(1) ?? []))
            (adapted["stages"], adapted["baselines"]) = (nil, nil)
            let spec = await fixture.post("/v1/runs/validate", .object(adapted)).json["spec"]
            #expect(spec?["optimizer"]?["learning_rate"]?.number == rate, "\(method)")
        }
        // Two rows of the first task for each of the second's.
        var replayed = try #require(body.object)
        replayed["retention"] = [["method": "replay", "rate": 2]]
        let more = await fixture.post("/v1/runs/validate", .object(replayed)).json["estimate"]
        let added = Int64((rows[1] * 0.9 * 3 * 2).rounded())
        #expect(more?["rows"]?.integer == expected + added)
        #expect((estimate?["steps"]?.integer ?? 0) >= 1)
        #expect(await fixture.send(.get, "/v1/runs").json["data"] == [])
        #expect(fixture.compute.get { $0.wakes } == 0)
        let wrong = await fixture.post("/v1/runs/validate", ["name": "x"])
        #expect(wrong.status == 400 && wrong.parameter == "tasks")
    }

    @Test(
        "Rows of which none can be held out are refused before the run",
        arguments: [(["a", "b"], true), (["a", "a"], false), (["a", "b", "b"], false)])
    func tooFew(labels: [String], isRefused: Bool) async throws {
        let fixture = try Fixture()
        try fixture.makeBase()
        let rows = labels.enumerated().map { "{\"text\":\"t \($0)\",\"label\":\"\($1)\"}\n" }
        // One label alone is refused for another reason.
        let more = isRefused ? "" : "{\"text\":\"z\",\"label\":\"c\"}\n"
        let dataset = await fixture.datasetID(rows.joined() + more)
        let answer = await fixture.post(
            "/v1/runs",
            [
                "name": "bot",
                "tasks": [
                    [
                        "name": "mood", "kind": "classification", "dataset": .string(dataset),
                        "validation": ["fraction": 0.5],
                    ]
                ],
            ])
        #expect((answer.status == 400) == isRefused, "\(answer.text)")
        if isRefused { #expect(answer.parameter == "tasks[0].validation") }
    }
}
