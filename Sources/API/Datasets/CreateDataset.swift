import Datasets
import HTTP
import JSON
import Store

extension API {
    /// POST /v1/datasets?name=: streams the rows into the store, validating as they come.
    @Sendable func createDataset(_ request: Request) async throws -> Response {
        var query = try QueryReader(request)
        guard let name = try query.identifier("name") else {
            throw APIError.missing("name", "a name for the data set in the query: ?name=reviews")
        }
        try query.finish()
        let format = try Self.uploadFormat(request)
        let isCompressed = try Self.isCompressed(request)
        let key = try request.idempotencyKey()
        let bytesMax = limits.uploadBytesMax
        let upload = try await stored { store in
            try DatasetUpload(
                store.blobs.writer(), format: format, name: name,
                decoder: isCompressed ? GzipDecoder(bytesMax: bytesMax) : nil)
        }
        do {
            try await receive(request.body, into: upload)
            let record = try await stored { store in try upload.complete(store, key: key) }
            var response = Response.json(record.json, status: 201)
            response.fields["Location"] = "/v1/datasets/\(record.id)"
            return response
        } catch {
            _ = try? await stored { _ in upload.discard() }
            throw error
        }
    }

    private func receive(_ body: RequestBody, into upload: DatasetUpload) async throws {
        if let length = body.declaredLength, length > limits.uploadBytesMax { throw tooLarge() }
        var count = 0
        for try await bytes in body {
            count += bytes.count
            guard count <= limits.uploadBytesMax else { throw tooLarge() }
            try await blocking.run { try upload.accept(bytes) }
        }
    }

    private func tooLarge() -> HTTPError {
        HTTPError(
            413, "a data set may have at most \(limits.uploadBytesMax) bytes", rejection: .bodyBytes
        )
    }

    /// Whether the body is gzip (RFC 9110, section 8.4.1).
    private static func isCompressed(_ request: Request) throws -> Bool {
        switch request.fields["Content-Encoding"]?.lowercased() {
        case nil, "identity": return false
        case "gzip", "x-gzip": return true
        default:
            throw APIError(
                .unsupportedMediaType, "`Content-Encoding` must be gzip, or left out",
                parameter: "Content-Encoding")
        }
    }

    private static func uploadFormat(_ request: Request) throws -> UploadFormat {
        switch try MediaType.essence(request, expected: "application/jsonl") {
        case nil, "application/jsonl", "application/x-ndjson", "application/x-jsonlines",
            "application/jsonlines":
            return .jsonl
        case "text/csv": return .csv
        case "text/plain": return .text
        default:
            throw MediaType.unsupported(
                "a data set must be application/jsonl (one JSON object a line), text/csv or "
                    + "text/plain")
        }
    }
}
