import HTTP
import Store

extension API {
    /// GET /v1/aliases/{name}
    @Sendable func getAlias(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let name = try request.aliasName()
        return try await stored { try $0.alias(name) }.response()
    }
}
