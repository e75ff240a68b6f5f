import API
import HTTP
import Testing

@Suite struct GateTests {
    @Test(
        "Only the exact key passes",
        arguments: [
            ("Bearer the-key", 200), ("bearer the-key", 200), ("BEARER the-key", 200),
            ("Bearer The-Key", 401), ("Bearer the-key1", 401), ("Bearer the-ke", 401),
            ("Bearer xthe-key", 401), ("Bearer", 401), ("Bearer ", 401), ("the-key", 401),
            ("Basic the-key", 401), ("Bearer the-key the-key", 401), ("", 401),
        ])
    func key(header: String, status: Int) async throws {
        let fixture = try Fixture(key: "the-key")
        let answer = await fixture.send(.get, "/v1/info", fields: ["Authorization": header])
        #expect(answer.status == status)
    }

    @Test(
        "No spelling of a path reaches a protected route without the key",
        arguments: [
            "//v1/info", "/v1/../v1/info", "/V1/info", "/v1%2finfo", "/v1/info;a",
            "/livez/../v1/info",
            "/livez/", "/nothing",
        ])
    func spellings(path: String) async throws {
        let answer = await (try Fixture(key: "the-key")).send(.get, path)
        #expect(answer.status == 401)
    }

    @Test(
        "Without a key the Host must be this machine",
        arguments: [
            ("localhost", 200), ("localhost:8000", 200), ("LocalHost", 200), ("127.0.0.1:1", 200),
            ("127.8.9.1", 200), ("[::1]:8000", 200), ("example.com", 403),
            ("localhost.example.com", 403), ("127.0.0.1.example.com", 403), ("10.0.0.1", 403),
            ("127.1", 403), ("[::2]", 403),
        ])
    func host(host: String, status: Int) async throws {
        let answer = await (try Fixture()).send(.get, "/v1/info", fields: ["Host": host])
        #expect(answer.status == status)
    }

    @Test(
        "Without a key a page of another origin is refused",
        arguments: [
            ("http://localhost", 200), ("http://localhost:3000", 403),
            ("https://evil.example", 403),
            ("null", 403),
        ])
    func origin(origin: String, status: Int) async throws {
        let answer = await (try Fixture()).send(.get, "/v1/info", fields: ["Origin": origin])
        #expect(answer.status == status)
    }

    @Test("While draining everything but livez answers 503")
    func draining() async throws {
        let fixture = try Fixture()
        fixture.api.beginDraining()
        #expect(await fixture.send(.get, "/livez").status == 200)
        #expect(await fixture.send(.get, "/readyz").status == 503)
        let answer = await fixture.send(.get, "/v1/info")
        #expect(answer.status == 503)
        #expect(answer.fields["Retry-After"] != nil)
    }

    @Test(
        "A key must be printable and not empty", arguments: ["", "two words", "line\nbreak", "é"])
    func unusableKey(key: String) {
        #expect(throws: APIError.self) { try APIKey(key) }
    }
}
