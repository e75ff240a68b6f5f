import Glibc
import HTTP
import JSON
import WorkerProtocol

extension API {
    /// GET /v1/info: version, limits, and what the compute processes found.
    @Sendable func info(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let workers = await compute.workers.map { worker -> JSON in
            [
                "role": .string(worker.role), "pid": .count(Int(worker.pid)),
                "threads": .count(worker.threads), "numerics": .string(worker.numerics),
                "problems": .array(worker.problems.map { .string($0) }),
            ]
        }
        return .json([
            "name": "polytask", "version": .string(Version.current),
            "uptime_seconds": .measure(Double(time(nil)) - startedAt),
            "authentication": .string(isAuthenticated ? "bearer" : "loopback_only"),
            "workers": .array(workers),
            "limits": [
                "json_body_bytes": .count(limits.jsonBodyBytesMax),
                "upload_bytes": .count(limits.uploadBytesMax),
                "tasks_per_run": .count(limits.tasksMax),
                "classify_inputs": .count(limits.classifyInputsMax),
                "generate_choices": .count(limits.generateChoicesMax),
                "stop_strings": .count(limits.stopStringsMax),
                "logprobs": .count(limits.logprobsMax),
                "timeout_ms": .count(limits.timeoutMillisecondsMax),
            ],
        ])
    }
}
