import HTTP
import JSON
import Store

extension API {
    /// DELETE /v1/uploads/{id}: gives it up.
    @Sendable func deleteUpload(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.id("upload")
        return try await holdingUpload(id) {
            try await stored { store in
                _ = try store.uploads.find(id)
                try store.uploads.remove(id)
            }
            return .json(["id": .string(id), "object": "upload", "deleted": true])
        }
    }
}
