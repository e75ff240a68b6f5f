import HTTP
import Store

extension API {
    /// GET /v1/models/{id}: by id or alias.
    @Sendable func getModel(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.id("model")
        return .json(try await stored { try $0.model(id) }.json)
    }
}
