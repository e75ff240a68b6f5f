import HTTP
import JSON
import Store
import Synchronization

extension UploadRecord {
    /// The upload as an answer; HEAD tells the offset by its field.
    func response(id: String, offset: Int, status: Int = 200) -> Response {
        var response = Response.json(
            [
                "id": .string(id), "object": "upload", "name": .string(name),
                "content_type": .string(contentType),
                "content_encoding": isCompressed ? "gzip" : "identity",
                "offset": .count(offset), "created": .seconds(created),
            ], status: status)
        response.fields["Upload-Offset"] = "\(offset)"
        response.fields["Cache-Control"] = "no-store"
        return response
    }
}

extension API {
    /// Runs `work` while no other request writes or completes that upload.
    func holdingUpload<Result: Sendable>(
        _ id: String, _ work: () async throws -> Result
    ) async throws -> Result {
        guard uploadsInUse.withLock({ $0.insert(id).inserted }) else {
            throw APIError(
                .conflict, "another request is writing this upload; wait for its end",
                parameter: "id")
        }
        defer { _ = uploadsInUse.withLock { $0.remove(id) } }
        return try await work()
    }
}
