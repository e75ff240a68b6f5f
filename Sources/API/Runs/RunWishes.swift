// What a client wants of a run: at once when it is queued, after the step under way when it runs.

import HTTP
import Store

extension API {
    /// POST /v1/runs/{id}/cancel
    @Sendable func cancelRun(_ request: Request) async throws -> Response {
        try await wish(request) { try $0.requestCancel($1) }
    }

    /// POST /v1/runs/{id}/pause
    @Sendable func pauseRun(_ request: Request) async throws -> Response {
        try await wish(request) { try $0.requestPause($1) }
    }

    /// POST /v1/runs/{id}/resume
    @Sendable func resumeRun(_ request: Request) async throws -> Response {
        try await wish(request) { try $0.resume($1) }
    }

    private func wish(
        _ request: Request, _ change: @escaping @Sendable (Store, String) throws -> RunRecord
    ) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.id("run")
        let body = try await request.body.collect(upTo: limits.jsonBodyBytesMax)
        guard body.isEmpty || body == Array("{}".utf8) else {
            throw APIError(.unknownField, "this route takes no body")
        }
        let record = try await stored { try change($0, id) }
        compute.wake()
        return .json(record.json, status: 202)
    }
}
