import API
import JSON
import Spec
import Store
import Testing

/// What a run can start from is known when it is asked for, not when a worker loads it.
@Suite struct BaseModelTests {
    private let fixture: Fixture
    private let dataset: String

    init() async throws {
        fixture = try Fixture()
        _ = try fixture.makeBase()
        dataset = await fixture.datasetID(Fixture.labelled)
    }

    /// A model of a finished run.
    private func tune(
        _ name: String, from base: String = "tiny", tasks: [String] = ["mood"],
        known: [String] = [], head: String? = nil, _ adaptation: MethodSpec?,
        change: (inout RunSpec) -> Void = { _ in }
    ) throws {
        var spec = RunSpec(
            name: name, baseModel: try fixture.store.model(base).id,
            tasks: tasks.map { TaskSpec(name: $0, kind: .classification, dataset: dataset) },
            adaptation: adaptation)
        change(&spec)
        let run = try fixture.store.createRun(spec, idempotency: nil)
        let writer = try fixture.store.blobs.writer()
        try writer.write(Array("weights \(name)".utf8))
        let heads = (known + tasks).map { name -> JSON in
            [
                "name": .string(name), "kind": "classification", "labels": ["bad", "good"],
                "head": head.map { .string($0) } ?? nil,
            ]
        }
        _ = try fixture.store.finishRun(
            run.id, fence: try fixture.store.leaseNextRun()?.fence ?? 0,
            weightsSHA256: try writer.keep(),
            summary: ["context_length": 512, "tasks": .array(heads)])
    }

    private func refusal(
        from base: String, _ adaptation: JSON = nil, tasks: [String] = ["mood"],
        change: (inout JSONObject) -> Void = { _ in }
    ) async -> Fixture.Answer {
        var body: JSONObject = [
            "name": "next", "base_model": .string(base),
            "tasks": .array(
                tasks.map {
                    ["name": .string($0), "kind": "classification", "dataset": .string(dataset)]
                }),
        ]
        if !adaptation.isNull { body["adaptation"] = adaptation }
        change(&body)
        return await fixture.post("/v1/runs", .object(body))
    }

    @Test("a model with a network for each stage is refused, by whatever method")
    func networks() async throws {
        try tune("columns", tasks: ["mood", "topic"], MethodSpec("progressive")) {
            $0.stages = [["mood"], ["topic"]]
        }
        for adaptation in [nil, ["method": "lora"], ["method": "heads"]] as [JSON] {
            let answer = await refusal(from: "columns", adaptation)
            #expect(answer.status == 400 && answer.parameter == "base_model", "\(answer.text)")
            #expect(answer.message.contains("take `tiny`, which it was made of"))
        }
        // Heads trained on it leave it what it is.
        try tune("more", from: "columns", tasks: ["new"], MethodSpec("heads"))
        #expect(await refusal(from: "more").parameter == "base_model")
        try tune("one", MethodSpec("progressive"))
        try tune("stopped", tasks: ["mood", "topic"], MethodSpec("progressive")) {
            $0.stages = [["mood"], ["topic"]]
            $0.earlyWarning = EarlyWarningSpec(policy: .stop)
        }
        // Runs that are queued would be leased before the next one that is tuned.
        #expect(await refusal(from: "one").status == 202)
        #expect(await refusal(from: "stopped").status == 202)
    }

    @Test("adapters that cannot become one set of weights are refused where one is needed")
    func adapters() async throws {
        try tune("each", tasks: ["mood", "topic"], MethodSpec("adapter_per_task"))
        try tune("single", MethodSpec("adapter_per_task"))
        try tune("shared", MethodSpec("lora"))
        try tune("beside", from: "tiny", tasks: ["mood"], known: ["old"], MethodSpec("lora"))
        for adaptation in [nil, ["method": "lora"]] as [JSON] {
            for base in ["each", "beside"] {
                let answer = await refusal(from: base, adaptation)
                #expect(answer.status == 400 && answer.parameter == "adaptation", "\(answer.text)")
                #expect(
                    answer.message.contains("take `adapter_per_task`, `heads`"), "\(answer.text)")
            }
            for base in ["single", "shared"] {
                #expect(await refusal(from: base, adaptation).status == 202)
            }
        }
        for base in ["each", "shared"] {
            #expect(await refusal(from: base, ["method": "heads"]).status == 202)
            let answer = await refusal(from: base, ["method": "progressive"])
            #expect(answer.status == 400 && answer.parameter == "adaptation", "\(answer.text)")
            #expect(answer.message.contains("has adapters beside its own"))
        }
    }

    @Test("a task's adapter goes on with the rank that it has")
    func ranks() async throws {
        try tune("each", tasks: ["mood", "topic"], MethodSpec("adapter_per_task"))
        func status(_ rank: JSON, _ task: String) async -> Int {
            await refusal(
                from: "each", ["method": "adapter_per_task", "rank": rank], tasks: [task]
            )
            .status
        }
        #expect(await status(8, "mood") == 202)
        #expect(await status(4, "mood") == 400)
        #expect(await status(4, "new") == 202)
    }

    @Test("a curriculum by difficulty needs a model that predicts the next token")
    func curriculum() async throws {
        _ = try fixture.makeBase("encoder", more: ["task_kinds": ["classification"]])
        _ = try fixture.makeBase("decoder", more: ["task_kinds": ["classification", "generation"]])
        let ranked: (inout JSONObject) -> Void = { $0["curriculum"] = ["method": "competence"] }
        let answer = await refusal(from: "encoder", change: ranked)
        #expect(answer.status == 400 && answer.parameter == "curriculum.method", "\(answer.text)")
        #expect(await refusal(from: "decoder", change: ranked).status == 202)
    }

    @Test("an adapter names layers that the pretrained model has, also beside a model made of it")
    func targets() async throws {
        _ = try fixture.makeBase("known", more: ["adapter_targets": ["dense", "query"]])
        try tune("one", from: "known", nil)
        func answer(_ base: String, _ targets: JSON) async -> Fixture.Answer {
            await refusal(from: base, ["method": "lora", "targets": targets])
        }
        for base in ["known", "one"] {
            let wrong = await answer(base, ["query", "q_proj"])
            #expect(wrong.status == 400 && wrong.parameter == "adaptation.targets")
            #expect(wrong.text.contains("`dense`, `query`; found `q_proj`"), "\(wrong.text)")
            #expect(await answer(base, ["query", "output.dense"]).status == 202)
        }
    }

    @Test("tasks that were learnt must have the labels that they were learnt with")
    func labels() async throws {
        try tune("known", tasks: ["mood"], nil)
        let other = await fixture.datasetID(
            Fixture.labelled.replacing("good", with: "great"))
        let learnt: (inout JSONObject) -> Void = { body in
            let task = { (name: JSON, data: String) -> JSON in
                ["name": name, "kind": "classification", "dataset": .string(data)]
            }
            body["tasks"] = .array([task("mood", other), task("new", self.dataset)])
            body["learnt"] = ["mood"]
        }
        let answer = await refusal(from: "known", change: learnt)
        #expect(answer.status == 400 && answer.parameter == "learnt", "\(answer.text)")
        #expect(answer.message.contains("other labels"))
    }

    @Test("a head that the base model keeps has its name to itself, or is shared with its labels")
    func headNames() async throws {
        try tune("plain", tasks: ["mood"], nil)
        try tune("shared", tasks: ["mood", "tone"], head: "feeling", nil)
        let other = await fixture.datasetID(Fixture.labelled.replacing("good", with: "great"))
        func answer(
            _ base: String, _ tasks: [(name: String, head: String?, data: String)],
            learnt: JSON? = nil
        ) async -> Fixture.Answer {
            await refusal(from: base) { body in
                body["tasks"] = .array(
                    tasks.map { task in
                        var object: JSONObject = [
                            "name": .string(task.name), "kind": "classification",
                            "dataset": .string(task.data),
                        ]
                        object["head"] = task.head.map { .string($0) }
                        return .object(object)
                    })
                body["learnt"] = learnt
            }
        }
        // The name of a task that stays, of the head of tasks that stay, of one that has other labels.
        for (base, name, head, data, parameter) in [
            ("plain", "new", "mood", dataset, "tasks[0].head"),
            ("shared", "feeling", nil, dataset, "tasks[0].name"),
            ("shared", "new", "feeling", other, "tasks[0].head"),
            ("shared", "mood", "feeling", other, "tasks[0].head"),
        ] as [(String, String, String?, String, String)] {
            let refused = await answer(base, [(name, head, data)])
            #expect(refused.status == 400 && refused.parameter == parameter, "\(refused.text)")
            #expect(refused.message.contains("take another one, or train"))
        }
        #expect(await answer("shared", [("new", "feeling", dataset)]).status == 202)
        let both = [("mood", "feeling", dataset), ("tone", "feeling", other)]
        #expect(await answer("shared", both).status == 202)
        // What was learnt keeps its labels, and all tasks of its head together have them.
        let widened = await answer("shared", both, learnt: ["mood"])
        #expect(widened.parameter == "learnt", "\(widened.text)")
        #expect(widened.message.contains("train `mood` in a stage"))
        let alone = await answer(
            "shared", [("mood", nil, dataset), ("new", nil, dataset)], learnt: ["mood"])
        #expect(alone.message.contains("another kind or head: classification, head `feeling`"))
        let next =
            [("mood", "feeling", dataset), ("new", nil, other)] as [(String, String?, String)]
        #expect(await answer("shared", next, learnt: ["mood"]).status == 202)
    }
}
