import Testing

@testable import HTTP

@Suite struct RouterTests {
    private static func make(before: @escaping @Sendable (Request) -> Response? = { _ in nil })
        -> Router
    {
        let echo: @Sendable (Request) async throws -> Response = { request in
            let text = "\(request.route ?? "-") \(request.parameters.values.sorted())"
            return Response(200, body: .bytes(Array(text.utf8)))
        }
        return Router(
            [
                Route(.get, "/v1/runs", echo), Route(.post, "/v1/runs", echo),
                Route(.get, "/v1/runs/{id}", echo), Route(.get, "/v1/runs/latest", echo),
                Route(.post, "/v1/runs/{id}/cancel", echo), Route(.get, "/", echo),
                Route(.get, "/boom") { _ in throw HTTPError(409, "no") },
            ], before: before,
            problem: { error, _ in Response((error as? HTTPError)?.status.code ?? 500) })
    }

    private static func ask(
        _ method: Method, _ path: String, _ router: Router = make()
    ) async -> (code: Int, text: String, allow: String?) {
        let response = await router.respond(to: Request(method: method, path: path))
        var text = ""
        if case .bytes(let bytes) = response.body { text = String(decoding: bytes, as: UTF8.self) }
        return (response.status.code, text, response.fields["Allow"])
    }

    @Test("Literal segments win over parameters, and parameters are decoded")
    func matching() async {
        #expect(await Self.ask(.get, "/v1/runs").text == "/v1/runs []")
        #expect(await Self.ask(.get, "/v1/runs/latest").text == "/v1/runs/latest []")
        #expect(await Self.ask(.get, "/v1/runs/a%20b").text == "/v1/runs/{id} [\"a b\"]")
        #expect(await Self.ask(.post, "/v1/runs/x/cancel").text == "/v1/runs/{id}/cancel [\"x\"]")
        #expect(await Self.ask(.get, "/").text == "/ []")
    }

    @Test(
        "No spelling of a path reaches a route by a second name",
        arguments: [
            "//v1/runs", "/v1//runs", "/V1/runs", "/v1%2fruns", "/v1/runs/", "/v1/runs;a",
            "/v1/runs/a;b", "/v1/../v1/runs", "/v1/runs/..", "/v1/runs/%2e%2e", "/v1/runs/.",
            "/v1/runs/a%2fb", "/v1/runs/a%5cb", "/v1/runs/a%00b", "/v1/runs/%zz", "/v1/runs/%f",
            "/v1/runs/%ff", "/%761/runs", "v1/runs", "", "*x",
        ])
    func strictPaths(path: String) async {
        let code = await Self.ask(.get, path).code
        #expect(code == 404 || code == 400)
    }

    @Test("Another method gets 405 with Allow; OPTIONS and HEAD are made from the routes")
    func methods() async {
        let refused = await Self.ask(.delete, "/v1/runs")
        #expect(refused.code == 405 && refused.allow == "GET, HEAD, OPTIONS, POST")
        let options = await Self.ask(.options, "/v1/runs/7/cancel")
        #expect(options.code == 204 && options.allow == "OPTIONS, POST")
        #expect(await Self.ask(.head, "/v1/runs").code == 200)
        #expect(await Self.ask(.head, "/v1/runs/7/cancel").code == 405)
        #expect(await Self.ask(.options, "*").code == 204)
    }

    @Test("`before` has the first word, matched or not")
    func before() async {
        let router = Self.make { $0.route == "/v1/runs" ? nil : Response(401) }
        #expect(await Self.ask(.get, "/v1/runs", router).code == 200)
        for path in ["/v1/runs/7", "/nothing", "/v1/../x", "/v1/runs/"] {
            #expect(await Self.ask(.get, path, router).code == 401)
        }
    }

    @Test("Errors are rendered, a malformed query among them")
    func problems() async {
        #expect(await Self.ask(.get, "/boom").code == 409)
        var request = Request(method: .get, path: "/")
        request.malformation = HTTPError(400, "query")
        #expect(await Self.make().respond(to: request).status.code == 400)
    }
}
