import HTTP
import Store

extension API {
    /// POST /v1/runs/{id}/cancel: at once when queued, after the current step when running.
    @Sendable func cancelRun(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.id("run")
        let body = try await request.body.collect(upTo: limits.jsonBodyBytesMax)
        guard body.isEmpty || body == Array("{}".utf8) else {
            throw APIError(.unknownField, "this route takes no body")
        }
        let record = try await stored { try $0.requestCancel(id) }
        compute.wake()
        return .json(record.json, status: 202)
    }
}
