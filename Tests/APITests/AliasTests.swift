import Foundation
import HTTP
import JSON
import Store
import Testing

@Suite struct AliasTests {
    @Test("An alias is promoted and rolled back only from the state that was seen")
    func promote() async throws {
        let fixture = try Fixture()
        let one = try fixture.makeBase("one").id
        let two = try fixture.makeBase("two").id
        func put(_ model: String, _ fields: [String: String] = [:]) async -> Fixture.Answer {
            await fixture.put("/v1/aliases/live", ["model": .string(model)], fields: fields)
        }
        let made = await put(one, ["If-None-Match": "*"])
        #expect(made.status == 201)
        #expect(made.fields["ETag"] == "\"\(one)\"")
        #expect(await put(two, ["If-None-Match": "*"]).status == 412)
        let seen = await fixture.send(.get, "/v1/aliases/live")
        #expect(seen.json["model"]?.string == one)
        let tag = try #require(seen.fields["ETag"])
        #expect(await put("two", ["If-Match": tag]).json["model"]?.string == two)
        let late = await put(one, ["If-Match": tag])
        #expect(late.status == 412)
        #expect(late.message.contains(two))
        #expect(await put(one, ["If-Match": "W/\"x\", \"\(two)\""]).status == 200)
        #expect(await put(two, ["If-Match": "live"]).status == 400)
        #expect(await put("none").parameter == "model")
        #expect(await fixture.put("/v1/aliases/mdl_x", ["model": "one"]).parameter == "name")
        let unknown = await fixture.put("/v1/aliases/x", ["model": "one", "color": 1])
        #expect(unknown.parameter == "color")
    }

    @Test("Aliases are listed in the order of their names, page by page")
    func list() async throws {
        let fixture = try Fixture()
        for name in ["c", "a", "b"] { try fixture.makeBase(name) }
        let page = await fixture.send(.get, "/v1/aliases", query: [("limit", "2")])
        #expect(page.json["data"]?.array?.compactMap { $0["name"]?.string } == ["a", "b"])
        #expect(page.json["has_more"] == true)
        let rest = await fixture.send(.get, "/v1/aliases", query: [("after", "b")])
        #expect(rest.json["data"]?.array?.compactMap { $0["name"]?.string } == ["c"])
        #expect(rest.json["has_more"] == false)
    }

    @Test("A model goes once nothing needs it, and its file with it")
    func delete() async throws {
        let fixture = try Fixture()
        let model = try fixture.makeBase("old")
        #expect(await fixture.send(.delete, "/v1/models/old").status == 404, "an id, not an alias")
        let path = "/v1/models/\(model.id)"
        let needed = await fixture.send(.delete, path)
        #expect(needed.status == 409)
        #expect(needed.message.contains("`old`"))
        #expect(needed.fields["X-Should-Retry"] == "false")
        #expect(await fixture.send(.delete, "/v1/aliases/old").status == 200)
        #expect(await fixture.send(.delete, "/v1/aliases/old").status == 404)
        #expect(await fixture.send(.delete, path).status == 200)
        #expect(await fixture.send(.get, path).status == 404)
        #expect(!fixture.store.blobs.contains(model.baseSHA256))
        #expect(fixture.compute.get { $0.unloaded } == [model.id])
    }

    @Test("A GET has a tag, and who has the answer already gets 304")
    func tags() async throws {
        let fixture = try Fixture()
        try fixture.makeBase("one")
        let first = await fixture.send(.get, "/v1/models/one")
        let tag = try #require(first.fields["ETag"])
        let again = await fixture.send(
            .get, "/v1/models/one", fields: ["If-None-Match": "\"x\", W/\(tag)"])
        #expect(again.status == 304)
        #expect(again.bytes.isEmpty)
        #expect(again.fields["ETag"] == tag)
        try fixture.makeBase("two")
        let other = await fixture.send(.get, "/v1/models/two", fields: ["If-None-Match": tag])
        #expect(other.status == 200)
        let bad = await fixture.send(.get, "/v1/models/two", fields: ["If-None-Match": "x"])
        #expect(bad.status == 400)
    }
}
