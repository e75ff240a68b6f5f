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

    @Test("Combinations that make no sense are refused with the reason")
    func combinations() async throws {
        let refused = try await answer(
            #""aggregation":{"method":"imtl_g"},"weighting":{"method":"gradnorm"}"#)
        #expect(refused.status == 400 && refused.parameter == "weighting")
        #expect(refused.message.contains("does not depend on loss weights"))
    }
}
