import HTTP
import JSON
import Store

extension API {
    /// DELETE /v1/aliases/{name}
    @Sendable func deleteAlias(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let name = try request.aliasName()
        let condition = try request.aliasCondition()
        try await stored { try $0.deleteAlias(name, if: condition) }
        return .json(["id": .string(name), "object": "alias", "deleted": true])
    }
}
