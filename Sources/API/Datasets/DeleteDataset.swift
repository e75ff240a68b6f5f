import HTTP
import JSON
import Store

extension API {
    /// DELETE /v1/datasets/{id}: 409 while an unfinished run uses it.
    @Sendable func deleteDataset(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.id("data set")
        try await stored { try $0.deleteDataset(id) }
        return .json(["id": .string(id), "object": "dataset", "deleted": true])
    }
}
