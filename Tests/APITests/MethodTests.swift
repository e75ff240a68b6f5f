import API
import HTTP
import JSON
import Testing

@Suite struct MethodTests {
    @Test("The catalogue says of each method what a client needs to choose it")
    func catalogue() async throws {
        let fixture = try Fixture()
        let answer = await fixture.send(.get, "/v1/methods")
        #expect(answer.status == 200)
        let methods = answer.json["data"]?.array ?? []
        #expect(methods.count == Fixture.catalogue.count)
        let ewc = try #require(methods.first { $0["name"] == "ewc" })
        #expect(ewc["parameters"]?.array?.last?["choices"] == ["sampled", "exact"])
        let gradnorm = try #require(methods.first { $0["name"] == "gradnorm" })
        #expect(gradnorm["id"] == "weighting.gradnorm")
        let alpha = try #require(gradnorm["parameters"]?.array?.first)
        #expect(alpha["name"] == "alpha" && alpha["default"]?.number == 1.5)
        #expect(alpha["minimum"]?.number == 0 && alpha["maximum"]?.number == 3)
        let family = await fixture.send(
            .get, "/v1/methods", query: [("family", "aggregation")])
        #expect(family.json["data"]?.array?.count == 2)
        let wrong = await fixture.send(.get, "/v1/methods", query: [("family", "magic")])
        #expect(wrong.status == 400 && wrong.parameter == "family")
    }

    private func answer(_ extra: String) async throws -> Fixture.Answer {
        let fixture = try Fixture()
        try fixture.makeBase()
        let first = await fixture.datasetID(Fixture.labelled)
        let second = await fixture.datasetID(Fixture.completions)
        return await fixture.post(
            "/v1/runs",
            try JSON.parse(
                """
                {"name":"bot","tasks":[
                  {"name":"mood","kind":"classification","dataset":"\(first)"},
                  {"name":"reply","kind":"generation","dataset":"\(second)"}],\(extra)}
                """))
    }

    @Test("An aggregation is taken, and the spec shows it")
    func aggregation() async throws {
        let made = try await answer(#""aggregation":{"method":"pcgrad"}"#)
        #expect(made.status == 202, "\(made.text)")
        #expect(made.json["spec"]?["aggregation"] == ["method": "pcgrad"])
    }

    @Test(
        "An adaptation is taken with its lists, the spec shows it, and what it rules out is refused"
    )
    func adaptation() async throws {
        let made = try await answer(#""adaptation":{"method":"lora","targets":["q_proj"]}"#)
        #expect(made.status == 202, "\(made.text)")
        #expect(
            made.json["spec"]?["adaptation"]
                == ["method": "lora", "rank": 8.0, "targets": ["q_proj"]])
        #expect(try await answer("\"epochs\":1").json["spec"]?["adaptation"] == ["method": "full"])
        for (given, shown) in [("", true), (",\"laterals\":false", false)] {
            let made = try await answer("\"adaptation\":{\"method\":\"progressive\"\(given)}")
            #expect(
                made.json["spec"]?["adaptation"]
                    == ["method": "progressive", "laterals": .bool(shown)])
        }
        let refused = try await answer(
            #""adaptation":{"method":"adapter_per_task"},"aggregation":{"method":"pcgrad"}"#)
        #expect(refused.status == 400 && refused.parameter == "aggregation")
    }

    @Test("Stages and retention are taken with their defaults, and the spec can be sent again")
    func stages() async throws {
        let made = try await answer(
            #""stages":"sequential","retention":[{"method":"ewc","fisher":"exact"}]"#)
        #expect(made.status == 202, "\(made.text)")
        let spec = try #require(made.json["spec"])
        #expect(spec["stages"] == [["mood"], ["reply"]])
        #expect(
            spec["retention"] == [["method": "ewc", "lambda": 1000.0, "fisher": "exact"]])
        let grouped = try await answer(#""stages":[["reply"],["mood","reply"]]"#)
        #expect(grouped.json["spec"]?["stages"] == [["reply"], ["mood", "reply"]])
    }

    @Test(
        "Combinations that make no sense are refused with the reason",
        arguments: [
            (
                #""aggregation":{"method":"imtl_g"},"weighting":{"method":"gradnorm"}"#,
                "weighting", "does not depend on loss weights"
            ),
            (
                #""retention":[{"method":"ewc"}]"#, "retention", "needs at least 2 `stages`"
            ),
            (
                #""stages":"sequential","aggregation":{"method":"pcgrad"}"#, "aggregation",
                "no stage has two tasks"
            ),
            (
                #""stages":"sequential","weighting":{"method":"gradnorm"}"#, "weighting",
                "no stage has two tasks"
            ),
            (
                #""stages":"sequential","retention":[{"method":"ewc"},{"method":"ewc"}]"#,
                "retention", "each method once"
            ),
            (
                #""stages":"sequential","retention":[{"method":"ewc"},{"method":"online_ewc"}]"#,
                "retention", "both need the penalty"
            ),
            (#""stages":[["mood","mood"],["reply"]]"#, "stages", "twice in one stage"),
            (#""retention":[{"method":"ewc","fisher":"magic"}]"#, "retention[0].fisher", "one of"),
        ])
    func combinations(extra: String, parameter: String, reason: String) async throws {
        let refused = try await answer(extra)
        #expect(refused.status == 400 && refused.parameter == parameter, "\(refused.text)")
        #expect(refused.message.contains(reason), "\(refused.message)")
    }

    @Test("The interference report is made of the spec and the run's points")
    func interference() async throws {
        let made = try await answer(#""stages":"sequential""#)
        #expect(made.status == 202)
        let fixture = try Fixture()
        try fixture.makeBase()
        let dataset = await fixture.datasetID(Fixture.labelled)
        let run = await fixture.post(
            "/v1/runs",
            [
                "name": "bot",
                "tasks": [["name": "a", "kind": "classification", "dataset": .string(dataset)]],
            ])
        let id = run.json["id"]?.string ?? ""
        let report = await fixture.send(.get, "/v1/runs/\(id)/interference")
        #expect(report.status == 200, "\(report.text)")
        #expect(report.json["tasks"]?.integer == 1 && report.json["points"]?.integer == 0)
        #expect(await fixture.send(.get, "/v1/runs/run_none/interference").status == 404)
    }
}
