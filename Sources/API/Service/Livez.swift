import HTTP
import JSON

extension API {
    /// GET /livez: 200 as long as the process answers, while draining too.
    @Sendable func livez(_ request: Request) async throws -> Response {
        .json(["status": "ok"])
    }
}
