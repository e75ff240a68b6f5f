import ArgumentParser
import Foundation
import HTTP
import Store

/// Serves the product's HTTP stack with two trivial routes, for suites that test or load the wire.
struct BenchEcho: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echo",
        abstract: "Serve the HTTP stack alone: GET / and POST /echo.",
        discussion: """
            `GET /` answers a small JSON object, `POST /echo` the request's body (at most 2 MiB),
            `GET /livez` is urgent, `GET /counters` counts what was refused. SIGTERM drains.

            Examples:
              polytask bench echo --port 8080
              curl http://127.0.0.1:8080/echo -d hello
              polytask bench echo --key secret   (every request but /livez needs it, as in serve)
            """)

    @Option(help: ArgumentHelp("Address to listen on.", valueName: "ADDRESS"))
    var host = "127.0.0.1"

    @Option(help: "Port to listen on; 0 takes a free one.")
    var port: UInt16 = 0

    @Option(help: "Threads that serve.")
    var threads = 1

    @Option(help: ArgumentHelp("The API key that requests need.", valueName: "KEY"))
    var key: String?

    @OptionGroup var wire: WireOptions

    private static let bodyBytesMax = 2 << 20

    func validate() throws {
        guard (1...64).contains(threads) else {
            throw ValidationError("--threads must be 1 to 64, found \(threads)")
        }
    }

    func run() async throws {
        let shutdown = Shutdown()
        let metrics = ServerMetrics()
        let server = try Server(
            host: host, port: port, threads: threads, limits: wire.limits, tls: wire.tls,
            metrics: metrics,
            router: Self.router(metrics, key: key))
        server.start()
        let reloader = wire.tls.map { _ in CertificateReloader(server) }
        defer { reloader?.stop() }
        print("polytask echo is ready at \(wire.scheme)://\(host):\(server.port)")
        fflush(nil)
        await shutdown.requested()
        shutdown.exit(afterSeconds: 30)
        await server.drain(seconds: 20)
    }

    private static func router(_ metrics: ServerMetrics, key: String?) -> Router {
        let hasher = KeyHasher()
        let digest = key.map { hasher.digest(of: "Bearer \($0)") }
        let root = json(#"{"object":"echo","status":"ok"}"#)
        return Router(
            [
                .immediate(.get, "/") { _ in root },
                .immediate(.get, "/livez", isUrgent: true) { _ in json(#"{"status":"ok"}"#) },
                .immediate(.get, "/counters", isUrgent: true) { _ in json(counters(metrics)) },
                Route(.post, "/echo") { request in
                    let body = try await request.body.collect(upTo: bodyBytesMax)
                    var fields = Fields()
                    fields["Content-Type"] = "application/octet-stream"
                    return Response(200, fields, body: .bytes(body))
                },
            ],
            before: { request in
                guard let digest, request.path != "/livez" else { return nil }
                let sent = request.fields["Authorization"].map { hasher.digest(of: $0) }
                if let sent, isEqual(sent, digest) { return nil }
                var fields = Fields()
                fields["WWW-Authenticate"] = "Bearer"
                return Response(401, fields)
            },
            problem: { error, _ in
                let known = error as? HTTPError ?? HTTPError(500, "The request failed.")
                var response = json(#"{"error":"\#(known.reason)"}"#)
                response.status = known.status
                return response
            })
    }

    /// In the same time wherever the two digests differ.
    private static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.indices.reduce(0) { $0 | left[$1] ^ right[$1] } == 0
    }

    private static func counters(_ metrics: ServerMetrics) -> String {
        let snapshot = metrics.snapshot()
        let rejections = snapshot.rejections.map { "\"\($0.reason)\":\($1)" }.sorted()
        return #"{"connections_open":\#(snapshot.connectionsOpen),"#
            + #""connections_accepted":\#(snapshot.connectionsAccepted),"#
            + #""rejected":{\#(rejections.joined(separator: ","))}}"#
    }

    private static func json(_ text: String) -> Response {
        var fields = Fields()
        fields["Content-Type"] = "application/json"
        return Response(200, fields, body: .bytes(Array(text.utf8)))
    }
}
