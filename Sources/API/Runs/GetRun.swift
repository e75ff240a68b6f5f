import HTTP
import Store

extension API {
    /// GET /v1/runs/{id}
    @Sendable func getRun(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.id("run")
        return .json(try await stored { try $0.run(id) }.json)
    }
}
