import HTTP
import JSON
import Synchronization

@testable import Tracking

/// As much of MLflow's tracking server as the sink uses, in memory; reached by calls or over HTTP.
final class FakeMLflow: Sendable {
    struct State: Sendable {
        var experiments: [String: String] = [:]
        var runs: [(id: String, tag: String, status: String)] = []
        /// By run; a set, as a metric that comes twice is one.
        var metrics: [String: Set<String>] = [:]
        var parameters: Set<String> = []
        var authorizations: Set<String> = []
        /// Answers this many requests, then none.
        var left = Int.max
        /// Runs that someone has deleted.
        var deleted: Set<String> = []
    }

    let state = Mutex(State())

    func exchange(
        _ method: HTTP.Method, _ path: String, _ body: JSON?
    ) throws -> (status: Int, body: JSON) {
        try state.withLock { state in
            guard state.left > 0 else {
                throw TrackingError(code: "unreachable", message: "no connection")
            }
            state.left -= 1
            return Self.answer(&state, path, body)
        }
    }

    /// A server of it on this machine.
    func serve() throws -> Server {
        let server = try Server(
            host: "127.0.0.1", port: 0, threads: 1,
            router: Router(
                [HTTP.Method.get, .post].map { method in
                    Route(method, "/behind/api/2.0/mlflow/{what}/{verb}") { [self] request in
                        let bytes = try await request.body.collect(upTo: 1 << 20)
                        let body = try? JSON.parse(bytes)
                        let what = request.parameters["what"] ?? ""
                        let verb = request.parameters["verb"] ?? ""
                        let (status, answer) = state.withLock { state in
                            state.authorizations.insert(request.fields["Authorization"] ?? "none")
                            return Self.answer(&state, "\(what)/\(verb)", body)
                        }
                        return Response(status, body: .bytes(Array(answer.text.utf8)))
                    }
                }, before: { _ in nil },
                problem: { error, _ in Response((error as? HTTPError)?.status.code ?? 500) }))
        server.start()
        return server
    }

    private static func answer(
        _ state: inout State, _ path: String, _ body: JSON?
    ) -> (Int, JSON) {
        let run = body?["run_id"]?.string ?? ""
        switch path.split(separator: "?")[0] {
        case "experiments/get-by-name":
            guard let id = state.experiments["bots"] else {
                return (404, ["error_code": "RESOURCE_DOES_NOT_EXIST"])
            }
            return (200, ["experiment": ["experiment_id": .string(id)]])
        case "experiments/create":
            state.experiments[body?["name"]?.string ?? ""] = "7"
            return (200, ["experiment_id": "7"])
        case "runs/search":
            let filter = body?["filter"]?.string ?? ""
            let found = state.runs.filter {
                filter.contains("'\($0.tag)'") || filter.contains("'\($0.status)'")
            }
            let runs = found.map { run -> JSON in
                let tags: JSON = [["key": "polytask.run", "value": .string(run.tag)]]
                return ["info": ["run_id": .string(run.id)], "data": ["tags": tags]]
            }
            return (200, ["runs": .array(runs)])
        case "runs/create":
            let tag = body?["tags"]?.array?.first?["value"]?.string ?? ""
            state.runs.append((id: "m\(state.runs.count)", tag: tag, status: "RUNNING"))
            return (200, ["run": ["info": ["run_id": .string("m\(state.runs.count - 1)")]]])
        case "runs/log-batch":
            if state.deleted.contains(run) {
                return (400, ["error_code": "INVALID_PARAMETER_VALUE"])
            }
            for metric in body?["metrics"]?.array ?? [] {
                state.metrics[run, default: []].insert(metric.text)
            }
            for parameter in body?["params"]?.array ?? [] {
                state.parameters.insert(parameter.text)
            }
            return (200, [:])
        case "runs/update":
            guard let index = state.runs.firstIndex(where: { $0.id == run }) else {
                return (404, ["error_code": "RESOURCE_DOES_NOT_EXIST"])
            }
            state.runs[index].status = body?["status"]?.string ?? ""
            return (200, [:])
        default: return (404, ["error_code": "ENDPOINT_NOT_FOUND"])
        }
    }
}
