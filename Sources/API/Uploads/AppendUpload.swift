import HTTP
import Store

extension API {
    /// PATCH /v1/uploads/{id}: appends at Upload-Offset. What came before a broken connection is
    /// kept, and GET tells how much that is.
    @Sendable func appendUpload(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.id("upload")
        let offset = try Self.uploadOffset(request)
        if let coding = request.fields["Content-Encoding"], coding != "identity" {
            throw APIError(
                .unsupportedMediaType,
                "a piece must come without Content-Encoding; name it when the upload begins",
                parameter: "Content-Encoding")
        }
        return try await holdingUpload(id) {
            let count = try await stored { try $0.uploads.find(id).count }
            guard count == offset else { return misplaced(request, offset, count) }
            let writer = try await stored { try $0.uploads.writer(id) }
            let end: Int
            do {
                end = try await append(request.body, to: writer, at: offset)
            } catch {
                _ = try? await blocking.run { try writer.sync() }
                throw error
            }
            var response = Response(204)
            response.fields["Upload-Offset"] = "\(end)"
            return response
        }
    }

    private func append(
        _ body: RequestBody, to writer: PartialWriter, at offset: Int
    ) async throws -> Int {
        let room = limits.uploadBytesMax - offset
        let tooLarge = HTTPError(
            413, "an upload may have at most \(limits.uploadBytesMax) bytes", rejection: .bodyBytes)
        if let length = body.declaredLength, length > room { throw tooLarge }
        var count = 0
        for try await bytes in body {
            count += bytes.count
            guard count <= room else { throw tooLarge }
            try await blocking.run { try writer.append(bytes) }
        }
        try await blocking.run { try writer.sync() }
        return offset + count
    }

    private static func uploadOffset(_ request: Request) throws -> Int {
        guard let text = request.fields["Upload-Offset"] else {
            throw APIError(
                .missing,
                "the header Upload-Offset is missing: send the `offset` that GET tells",
                parameter: "Upload-Offset")
        }
        guard let offset = QueryReader.decimal(text) else {
            throw APIError(
                .invalidValue, "Upload-Offset must be a decimal number of bytes",
                parameter: "Upload-Offset")
        }
        return offset
    }

    private func misplaced(_ request: Request, _ offset: Int, _ count: Int) -> Response {
        var response = problem(
            APIError(
                .conflict, "Upload-Offset is \(offset), but the next byte here is \(count)",
                parameter: "Upload-Offset"), request)
        response.fields["Upload-Offset"] = "\(count)"
        return response
    }
}
