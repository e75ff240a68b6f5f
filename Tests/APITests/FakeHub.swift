import Foundation
import HTTP
import Store
import Synchronization

/// A hub in the URL scheme of Hugging Face on this machine: the listing and small files from one
/// server, weights from another one that it redirects to.
final class FakeHub: Sendable {
    struct Behaviour: Sendable {
        /// Bytes after which a download of weights breaks, one after the other; then none breaks.
        var breaksAfter: [Int] = []
        /// Answers with this status so many times first.
        var failures = 0
        /// What is told in the place of the weights' SHA-256; empty: nothing.
        var hash: String?
        var location: String?
        /// Weights that come slowly, to be interrupted.
        var pauses = false
    }

    static let weights =
        Array("GGUF".utf8) + (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    static var sha256: String { weights.withUnsafeBytes { SHA256Hasher.hex(of: $0) } }

    private let script = Script()
    private let hub: Server
    private let storage: Server

    var url: String { "http://127.0.0.1:\(hub.port)" }
    /// Ranges asked for, and who was sent which token.
    var ranges: [String] { script.ranges.withLock { $0 } }
    var tokens: [String] { script.tokens.withLock { $0 } }

    init() throws {
        func server(_ routes: [Route]) throws -> Server {
            try Server(
                host: "127.0.0.1", port: 0, threads: 1,
                router: Router(
                    routes, before: { _ in nil },
                    problem: { error, _ in Response((error as? HTTPError)?.status.code ?? 500) }))
        }
        let script = script
        storage = try server([Route(.get, "/weights") { script.sendWeights($0) }])
        let weights = "http://127.0.0.1:\(storage.port)/weights"
        hub = try server([
            Route(.get, "/api/models/{org}/{name}/revision/{revision}") { script.list($0) },
            Route(.get, "/{org}/{name}/resolve/{commit}/{file}") {
                script.resolve($0, weights: weights)
            },
        ])
        storage.start()
        hub.start()
    }

    func set(_ change: (inout sending Behaviour) -> Void) {
        script.behaviour.withLock { change(&$0) }
    }
}

private final class Script: Sendable {
    let behaviour = Mutex(FakeHub.Behaviour())
    let ranges = Mutex<[String]>([])
    let tokens = Mutex<[String]>([])

    func list(_ request: Request) -> Response {
        let isFailing = behaviour.withLock { behaviour in
            behaviour.failures -= 1
            return behaviour.failures >= 0
        }
        if isFailing { return Response(503) }
        guard request.parameters["name"] == "tiny" else { return Response(404) }
        tokens.withLock { $0.append("hub \(request.fields["Authorization"] ?? "")") }
        let json = """
            {"sha":"abc123","cardData":{"license":"apache-2.0"},"siblings":[
            {"rfilename":"README.md"},{"rfilename":"model.gguf"},{"rfilename":"../../evil.gguf"},
            {"rfilename":"pytorch_model.bin"},{"rfilename":"run.py"}]}
            """
        return Response(200, body: .bytes(Array(json.utf8)))
    }

    func resolve(_ request: Request, weights: String) -> Response {
        guard request.parameters["commit"] == "abc123", request.parameters["file"] == "model.gguf"
        else { return Response(404) }
        let behaviour = behaviour.withLock { $0 }
        var response = Response(302)
        response.fields["Location"] =
            behaviour.location ?? weights
        response.fields["X-Linked-Size"] = "\(FakeHub.weights.count)"
        let hash = behaviour.hash ?? FakeHub.sha256
        if !hash.isEmpty { response.fields["X-Linked-Etag"] = "\"\(hash)\"" }
        return response
    }

    func sendWeights(_ request: Request) -> Response {
        tokens.withLock { $0.append("storage \(request.fields["Authorization"] ?? "")") }
        let range = request.fields["Range"] ?? ""
        ranges.withLock { $0.append(range) }
        let (breakAt, pauses) = behaviour.withLock { behaviour -> (Int?, Bool) in
            (
                behaviour.breaksAfter.isEmpty ? nil : behaviour.breaksAfter.removeFirst(),
                behaviour.pauses
            )
        }
        let start = Int(range.dropFirst("bytes=".count).dropLast()) ?? 0
        let rest = Array(FakeHub.weights[start...])
        var response = Response(start > 0 ? 206 : 200)
        if start > 0 {
            response.fields["Content-Range"] =
                "bytes \(start)-\(FakeHub.weights.count - 1)/\(FakeHub.weights.count)"
        }
        response.body = .sized(rest.count) { writer in
            guard let breakAt else {
                // Slow enough to take a minute, whatever else the machine does.
                let step = pauses ? 100 : 10_000
                for offset in stride(from: 0, to: rest.count, by: step) {
                    if pauses { try await Task.sleep(for: .milliseconds(20)) }
                    try await writer.write(Array(rest[offset..<min(offset + step, rest.count)]))
                }
                return
            }
            try await writer.write(Array(rest.prefix(breakAt)))
            throw CancellationError()
        }
        return response
    }
}
