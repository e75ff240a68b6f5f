import HTTP
import Pool
import Store
import Testing
import WorkerProtocol

@testable import API

@Suite struct GateTests {
    @Test(
        "Only the exact key passes",
        arguments: [
            ("Bearer the-key", 200), ("bearer the-key", 200), ("BEARER the-key", 200),
            ("Bearer The-Key", 401), ("Bearer the-key1", 401), ("Bearer the-ke", 401),
            ("Bearer xthe-key", 401), ("Bearer the-key ", 401), ("Bearer", 401), ("Bearer ", 401),
            ("the-key", 401),
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

    @Test("A key that has used its requests of a minute is told when to come back")
    func rate() async throws {
        let (fixture, key) = try Fixture.withKey([.infer], requestsPerMinute: 3)
        let bearer = ["Authorization": "Bearer \(key)"]
        for _ in 0..<3 {
            #expect(await fixture.send(.get, "/v1/info", fields: bearer).status == 200)
        }
        let answer = await fixture.send(.get, "/v1/info", fields: bearer)
        #expect(answer.status == 429)
        #expect(answer.message.contains("requests-per-minute"))
        let seconds = try #require(answer.fields["Retry-After"].flatMap { Int($0) })
        #expect((1...20).contains(seconds), "one every 20 s")
        #expect(fixture.api.metrics.snapshot().rejections[.keyRate] == 1)
    }

    @Test("A key's places are taken as long as its requests last, streams to their end")
    func concurrent() async throws {
        let (fixture, key) = try Fixture.withKey([.infer, .train], concurrent: 1)
        try fixture.makeBase()
        fixture.compute.set { $0.outputs = [.delta(.init(choice: 0, text: "a", tokens: 1))] }
        var head = Fields()
        head["Authorization"] = "Bearer \(key)"
        let body = #"{"model":"tiny","prompt":"x","stream":true}"#
        let request = Request(
            method: .post, path: "/v1/generate", fields: head, body: RequestBody(Array(body.utf8)),
            authority: "localhost")
        var response: Response? = await fixture.router.respond(to: request)
        #expect(response?.status.code == 200)
        let bearer = ["Authorization": "Bearer \(key)"]
        let second = await fixture.send(.get, "/v1/info", fields: bearer)
        #expect(second.status == 429)
        #expect(second.message.contains("concurrent"))
        #expect(fixture.api.metrics.snapshot().rejections[.keyConcurrent] == 1)
        response = nil
        #expect(await fixture.send(.get, "/v1/info", fields: bearer).status == 200)
        #expect(await fixture.send(.get, "/v1/info", fields: bearer).status == 200)
    }

    @Test("An allowance grows steadily up to a minute's worth")
    func usage() {
        var usage = KeyUsage(requestsPerMinute: 60, concurrent: nil)
        let first = (0..<61).map { _ in usage.admit(now: 100) }
        #expect(first.last == .rate(seconds: 1))
        #expect(first.dropLast().allSatisfy { $0 == nil })
        let later = [usage.admit(now: 100.75), usage.admit(now: 101.5), usage.admit(now: 101.5)]
        #expect(later == [.rate(seconds: 0.25), nil, .rate(seconds: 0.5)])
        let much = (0..<61).map { _ in usage.admit(now: 10_000) }
        #expect(much.count { $0 == nil } == 60)
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
