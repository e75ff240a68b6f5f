import API
import Foundation
import HTTP
import JSON
import Spec
import Store
import Testing

@Suite struct RunTests {
    private func body(_ dataset: String, _ change: (inout JSONObject) -> Void = { _ in }) -> JSON {
        var object: JSONObject = [
            "name": "bot",
            "tasks": [["name": "mood", "kind": "classification", "dataset": .string(dataset)]],
        ]
        change(&object)
        return .object(object)
    }

    @Test("A run is queued with every default resolved")
    func create() async throws {
        let fixture = try Fixture()
        let base = try fixture.makeBase()
        let dataset = await fixture.datasetID(Fixture.labelled)
        let made = await fixture.post("/v1/runs", body(dataset))
        #expect(made.status == 202, "\(made.text)")
        #expect(made.json["status"] == "queued")
        #expect(made.json["progress"]?.number == 0)
        let spec = made.json["spec"]
        #expect(spec?["base_model"]?.string == base.id)
        #expect(spec?["mixing"] == ["method": "proportional"])
        #expect(spec?["dtype"] == "bf16")
        #expect(spec?["optimizer"]?["epsilon"]?.number == 1e-8)
        #expect(spec?["tasks"]?.array?.first?["metric"] == "accuracy")
        let id = made.json["id"]?.string ?? ""
        #expect(made.fields["Location"] == "/v1/runs/\(id)")
        #expect(fixture.compute.get { $0.wakes } == 1)
        let events = await fixture.send(.get, "/v1/runs/\(id)/events")
        #expect((events.json["data"]?.array?.count ?? 0) >= 1)
        // The spec can be sent again as it is.
        #expect(await fixture.post("/v1/runs", spec ?? nil).status == 202)
    }

    @Test("A run goes on from a model of an earlier one, whose tasks are kept beside the new one")
    func learnt() async throws {
        let fixture = try Fixture()
        let tuned = try await fixture.makeTuned()
        let dataset = await fixture.datasetID(Fixture.labelled)
        let topics = await fixture.datasetID(
            Fixture.labelled.replacing("good", with: "a").replacing("bad", with: "b"))
        let task = { (name: JSON) -> JSON in
            let data = name == "topic" ? topics : dataset
            return ["name": name, "kind": "classification", "dataset": .string(data)]
        }
        func post(_ learnt: JSON, _ stages: JSON = nil) async -> Fixture.Answer {
            await fixture.post(
                "/v1/runs",
                body(dataset) {
                    $0["base_model"] = "default"
                    $0["tasks"] = .array([task("mood"), task("topic"), task("new")])
                    $0["learnt"] = learnt
                    $0["stages"] = stages
                    $0["retention"] = [["method": "ewc"]]
                })
        }
        let made = await post(["mood", "topic"])
        #expect(made.status == 202, "\(made.text)")
        let spec = made.json["spec"]
        #expect(spec?["base_model"]?.string == tuned)
        #expect(spec?["learnt"] == ["mood", "topic"])
        #expect(spec?["stages"] == [["new"]])
        #expect(await fixture.post("/v1/runs", spec ?? nil).json["spec"] == spec)
        let sequence = await post(["mood"], "sequential")
        #expect(sequence.json["spec"]?["stages"] == [["topic"], ["new"]])
        // The model has to stay until its runs are over.
        #expect(await fixture.send(.delete, "/v1/models/\(tuned)").status == 409)
        for (learnt, stages, word) in [
            (["new"], nil, "mood"), (["mood", "topic", "new"], nil, "all of them"),
            (["mood"], [["mood", "new"]], "stages"), ([], nil, "one task"),
        ] as [(JSON, JSON, String)] {
            let refused = await post(learnt, stages)
            #expect(refused.status == 400)
            #expect(refused.json["param"] == "learnt" || refused.text.contains("learnt"))
            #expect(refused.text.contains(word), "\(refused.text)")
        }
        let lease = try #require(try fixture.store.leaseNextRun())
        #expect(lease.spec.startsLearnt == true)
        #expect(lease.spec.stages == [["mood", "topic"], ["new"]])
    }

    @Test("A task may be in no stage: it is only scored")
    func watched() async throws {
        let fixture = try Fixture()
        _ = try fixture.makeBase()
        let dataset = await fixture.datasetID(Fixture.labelled)
        let made = await fixture.post(
            "/v1/runs",
            body(dataset) {
                let task = { (name: JSON) -> JSON in
                    ["name": name, "kind": "classification", "dataset": .string(dataset)]
                }
                $0["tasks"] = .array([task("mood"), task("watched")])
                $0["stages"] = [["mood"]]
            })
        #expect(made.status == 202, "\(made.text)")
        #expect(made.json["spec"]?["stages"] == [["mood"]])
    }

    @Test("A task that the base model cannot learn is refused with what it can")
    func taskKinds() async throws {
        let fixture = try Fixture()
        try fixture.makeBase(
            more: ["task_kinds": ["classification", "generation"], "chat_template": false])
        let moods = await fixture.datasetID(Fixture.labelled)
        let replies = await fixture.datasetID(Fixture.completions)
        func refusal(_ kind: String, _ format: JSON?) async -> Fixture.Answer {
            await fixture.post(
                "/v1/runs",
                body(moods) {
                    var task: JSONObject = [
                        "name": "reply", "kind": .string(kind), "dataset": .string(replies),
                    ]
                    if let format { task["format"] = format }
                    $0["tasks"] = .array([.object(task)])
                })
        }
        let kind = await refusal("sequence_to_sequence", nil)
        #expect(kind.status == 400 && kind.parameter == "tasks[0].kind", "\(kind.text)")
        #expect(kind.message.contains("`tiny` can learn (classification, generation)"))
        let chat = await refusal("generation", nil)
        #expect(chat.status == 400 && chat.parameter == "tasks[0].format", "\(chat.text)")
        #expect(await refusal("generation", "raw").status == 202)
    }

    @Test(
        "What is wrong is named before anything starts",
        arguments: [
            ("nme", "1", "nme"), ("epochs", "0", "epochs"), ("epochs", "1.5", "epochs"),
            ("base_model", "\"none\"", "base_model"), ("dtype", "\"fp16\"", "dtype"),
            ("stages", "[]", "stages"), ("stages", "[[\"x\"]]", "stages"),
            ("curriculum", "{}", "curriculum.method"),
            ("aggregation", "{\"method\":\"pcgrad\"}", "aggregation.method"),
            ("retention", "[{\"method\":\"ewc\"}]", "retention"),
            ("adaptation", "{\"method\":\"magic\"}", "adaptation.method"),
            ("adaptation", "{\"method\":\"lora\",\"rank\":0}", "adaptation.rank"),
            ("adaptation", "{\"method\":\"lora\",\"rank\":8.5}", "adaptation.rank"),
            ("adaptation", "{\"method\":\"lora\",\"targets\":\"q\"}", "adaptation.targets"),
            ("adaptation", "{\"method\":\"lora\",\"targets\":[1]}", "adaptation.targets[0]"),
            ("adaptation", "{\"method\":\"lora\",\"targets\":[\"q\",\"q\"]}", "adaptation.targets"),
            (
                "adaptation", "{\"method\":\"progressive\",\"laterals\":\"no\"}",
                "adaptation.laterals"
            ),
            ("adaptation", "{\"method\":\"full\",\"targets\":[]}", "adaptation.targets"),
            ("baselines", "[\"equal\"]", "baselines"), ("baselines", "[\"best\"]", "baselines"),
            ("baselines", "[\"equal\",\"equal\"]", "baselines"),
            ("early_warning", "{\"drop\":0}", "early_warning.drop"),
            ("early_warning", "{\"policy\":\"panic\"}", "early_warning.policy"),
            (
                "early_warning", "{\"policy\":\"strengthen_retention\"}",
                "early_warning.policy"
            ),
            ("optimizer", "{\"learning_rate\":0}", "optimizer.learning_rate"),
            ("optimizer", "{\"learning_rate\":2}", "optimizer.learning_rate"),
            ("optimizer", "{\"momentum\":0.9}", "optimizer.momentum"),
            ("optimizer", "{\"beta2\":1}", "optimizer.beta2"),
            ("optimizer", "{\"epsilon\":0}", "optimizer.epsilon"),
            ("mixing", "{\"method\":\"magic\"}", "mixing.method"),
            ("mixing", "{\"method\":\"explicit\"}", "mixing.tasks.mood"),
            ("mixing", "{\"method\":\"explicit\",\"tasks\":{\"x\":1}}", "mixing.tasks"),
            ("weighting", "{\"method\":\"gradnorm\"}", "weighting.method"),
            ("weighting", "{\"method\":\"gradnorm\",\"alpha\":9}", "weighting.alpha"),
            ("name", "\"a b\"", "name"), ("name", "\"tiny\"", "name"), ("tasks", "[]", "tasks"),
            ("max_length", "1000", "max_length"), ("batch_tokens", "64", "batch_tokens"),
            ("batch_rows", "0", "batch_rows"), ("seed", "-1", "seed"), ("seed", "1e30", "seed"),
        ])
    func refusals(field: String, value: String, parameter: String) async throws {
        let fixture = try Fixture()
        try fixture.makeBase()
        let dataset = await fixture.datasetID(Fixture.labelled)
        let json = try JSON.parse(value)
        let answer = await fixture.post("/v1/runs", body(dataset) { $0[field] = json })
        #expect(answer.status == 400)
        #expect(answer.parameter == parameter)
        #expect(await fixture.send(.get, "/v1/runs").json["data"] == [])
    }

    @Test(
        "What is wrong with a task is named with its place",
        arguments: [
            ("dataset", "\"ds_none\"", "dataset"), ("kind", "\"magic\"", "kind"),
            ("kind", "\"generation\"", "dataset"),
            ("validation", "{\"fraction\":0.6}", "validation.fraction"),
            ("validation", "{\"fraction\":0}", "validation.fraction"),
            ("validation", "{\"fraction\":0.01}", "validation.fraction"),
            ("validation", "\"ds_none\"", "validation"), ("test", "\"ds_none\"", "test"),
            ("metric", "\"bleu\"", "metric"), ("format", "\"chat\"", "format"),
            ("name", "\"é\"", "name"), ("extra", "1", "extra"),
        ])
    func taskRefusals(field: String, value: String, parameter: String) async throws {
        let fixture = try Fixture()
        try fixture.makeBase()
        let dataset = await fixture.datasetID(Fixture.labelled)
        var task: JSONObject = [
            "name": "mood", "kind": "classification", "dataset": .string(dataset),
        ]
        task[field] = try JSON.parse(value)
        let answer = await fixture.post(
            "/v1/runs", body(dataset) { $0["tasks"] = [.object(task)] })
        #expect(answer.status == 400)
        #expect(answer.parameter == "tasks[0].\(parameter)")
    }

    @Test("GradNorm with two tasks is taken, with its default filled in")
    func gradNorm() async throws {
        let fixture = try Fixture()
        try fixture.makeBase()
        let (a, b) = (
            await fixture.datasetID(Fixture.labelled), await fixture.datasetID(Fixture.completions)
        )
        let answer = await fixture.post(
            "/v1/runs",
            [
                "name": "bot", "weighting": ["method": "gradnorm"],
                "tasks": [
                    ["name": "mood", "kind": "classification", "dataset": .string(a)],
                    ["name": "reply", "kind": "generation", "dataset": .string(b)],
                ],
            ])
        #expect(answer.status == 202, "\(answer.text)")
        #expect(answer.json["spec"]?["weighting"] == ["method": "gradnorm", "alpha": 1.5])
    }

    @Test(
        "A body that is not strict JSON is refused",
        arguments: ["", "{", "{\"name\":1,\"name\":2}", "[]", "{\"name\":NaN}", "{} {}"])
    func badJSON(body: String) async throws {
        let answer = await (try Fixture()).send(
            .post, "/v1/runs", fields: ["Content-Type": "application/json"], body: body)
        #expect(answer.status == 400)
    }

    @Test("A run's Idempotency-Key is kept with its body")
    func idempotency() async throws {
        let fixture = try Fixture()
        try fixture.makeBase()
        let dataset = await fixture.datasetID(Fixture.labelled)
        let key = ["Idempotency-Key": "k"]
        let first = await fixture.post("/v1/runs", body(dataset), fields: key)
        let again = await fixture.post("/v1/runs", body(dataset), fields: key)
        #expect(again.json["id"] == first.json["id"])
        let other = await fixture.post(
            "/v1/runs", body(dataset) { $0["epochs"] = 2 }, fields: key)
        #expect(other.status == 422)
    }

    @Test("Cancelling twice is a conflict that SDKs must not retry")
    func cancel() async throws {
        let fixture = try Fixture()
        try fixture.makeBase()
        let dataset = await fixture.datasetID(Fixture.labelled)
        let id = await fixture.post("/v1/runs", body(dataset)).json["id"]?.string ?? ""
        #expect(await fixture.send(.delete, "/v1/datasets/\(dataset)").status == 409)
        let first = await fixture.send(.post, "/v1/runs/\(id)/cancel")
        #expect(first.status == 202)
        #expect(first.json["status"] == "cancelled")
        let second = await fixture.send(.post, "/v1/runs/\(id)/cancel")
        #expect(second.status == 409)
        #expect(second.fields["X-Should-Retry"] == "false")
        #expect(await fixture.send(.post, "/v1/runs/none/cancel").status == 404)
    }

    @Test("A run is paused and resumed, until it is over")
    func pause() async throws {
        let fixture = try Fixture()
        try fixture.makeBase()
        let dataset = await fixture.datasetID(Fixture.labelled)
        let id = await fixture.post("/v1/runs", body(dataset)).json["id"]?.string ?? ""
        let paused = await fixture.send(.post, "/v1/runs/\(id)/pause")
        #expect(paused.status == 202)
        #expect(paused.json["status"] == "paused")
        #expect(await fixture.send(.post, "/v1/runs/\(id)/pause").json["status"] == "paused")
        #expect(await fixture.send(.post, "/v1/runs/\(id)/resume").json["status"] == "queued")
        #expect(try fixture.store.leaseNextRun()?.id == id)
        let running = await fixture.send(.post, "/v1/runs/\(id)/pause")
        #expect(running.json["status"] == "running")
        #expect(running.json["pause_requested"] == true)
        _ = await fixture.send(.post, "/v1/runs/\(id)/cancel")
        let late = await fixture.send(.post, "/v1/runs/\(id)/resume")
        #expect(late.status == 409)
        #expect(await fixture.send(.post, "/v1/runs/none/pause").status == 404)
    }

    @Test("Events are followed to the end, and taken up after the last one seen")
    func follow() async throws {
        let fixture = try Fixture()
        try fixture.makeBase()
        let dataset = await fixture.datasetID(Fixture.labelled)
        let id = await fixture.post("/v1/runs", body(dataset)).json["id"]?.string ?? ""
        _ = await fixture.send(.post, "/v1/runs/\(id)/cancel")
        let query = [(name: "follow", value: "true")]
        let stream = await fixture.send(.get, "/v1/runs/\(id)/events", query: query)
        #expect(stream.fields["Content-Type"]?.hasPrefix("text/event-stream") == true)
        let ids = stream.text.split(separator: "\n").filter { $0.hasPrefix("id: ") }
            .map { String($0.dropFirst(4)) }
        #expect(ids.count >= 2)
        let rest = await fixture.send(
            .get, "/v1/runs/\(id)/events", query: query,
            fields: ["Last-Event-ID": ids.first ?? ""])
        #expect(rest.text.components(separatedBy: "\nid: ").count == ids.count - 1)
        let none = await fixture.send(
            .get, "/v1/runs/\(id)/events", query: query, fields: ["Last-Event-ID": ids.last ?? ""])
        #expect(none.status == 204)
    }

    @Test("Metrics come as JSON, lines or CSV, filtered")
    func metrics() async throws {
        let fixture = try Fixture()
        try fixture.makeBase()
        let dataset = await fixture.datasetID(Fixture.labelled)
        let id = await fixture.post("/v1/runs", body(dataset)).json["id"]?.string ?? ""
        let fence = try fixture.store.leaseNextRun()?.fence ?? 0
        try fixture.store.recordMetrics(
            id, fence: fence,
            (1...5).map {
                MetricPoint(task: "mood", name: "loss", epoch: 0, step: $0, value: 1 / Double($0))
            } + [
                MetricPoint(
                    task: "mood", name: "accuracy", split: "validation", epoch: 0, step: 5,
                    value: 0.5)
            ])
        let path = "/v1/runs/\(id)/metrics"
        let page = await fixture.send(.get, path, query: [("name", "loss"), ("limit", "2")])
        #expect(page.json["data"]?.array?.compactMap { $0["step"]?.integer } == [1, 2])
        #expect(page.json["has_more"] == true)
        let next = await fixture.send(
            .get, path, query: [("name", "loss"), ("after", page.json["last_id"]?.string ?? "")])
        #expect(next.json["data"]?.array?.compactMap { $0["step"]?.integer } == [3, 4, 5])
        let csv = await fixture.send(.get, path, query: [("format", "csv"), ("after_step", "4")])
        let lines = csv.text.components(separatedBy: "\r\n")
        #expect(lines[0] == "task,name,split,stage,epoch,step,value,time")
        #expect(lines[1].hasPrefix("mood,loss,train,1,0,5,0.2,"))
        let jsonl = await fixture.send(
            .get, path, query: [("format", "jsonl"), ("split", "validation")])
        #expect(try JSON.parse(jsonl.text)["value"]?.number == 0.5)
    }
}
