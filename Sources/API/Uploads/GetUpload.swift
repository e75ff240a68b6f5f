import HTTP
import Store

extension API {
    /// GET and HEAD /v1/uploads/{id}: where the next bytes belong.
    @Sendable func getUpload(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.id("upload")
        let found = try await stored { try $0.uploads.find(id) }
        return found.record.response(id: id, offset: found.count)
    }
}
