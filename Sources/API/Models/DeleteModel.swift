import HTTP
import JSON
import Store

extension API {
    /// DELETE /v1/models/{id}: 409 while an alias points at it or an unfinished run needs it.
    /// Requests under way finish with what they have loaded; an import under way stops.
    @Sendable func deleteModel(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.id("model")
        let wasImport = try await stored { store in
            if try store.deleteImport(id) { return true }
            try store.deleteModel(id)
            return false
        }
        if wasImport { importer.wake() } else { compute.unload(model: id) }
        return .json(["id": .string(id), "object": "model", "deleted": true])
    }
}
