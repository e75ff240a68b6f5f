import Datasets
import HTTP
import JSON
import Store

extension API {
    /// POST /v1/uploads/{id}/complete: validates the rows and makes the data set. Asked again, it
    /// answers with the same one.
    @Sendable func completeUpload(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.id("upload")
        let record = try await holdingUpload(id) {
            let key = IdempotencyKey(
                key: id, route: "POST /v1/uploads/{id}/complete", bodySHA256: id)
            let made = try await stored { store in
                try store.replay(key).map { try store.dataset($0) }
            }
            let record = if let made { made } else { try await makeDataset(of: id, once: key) }
            try await stored { try $0.uploads.remove(id) }
            return record
        }
        var response = Response.json(record.json, status: 201)
        response.fields["Location"] = "/v1/datasets/\(record.id)"
        return response
    }

    private func makeDataset(
        of id: String, once key: IdempotencyKey
    ) async throws -> DatasetRecord {
        let bytesMax = limits.uploadBytesMax
        let (reader, upload) = try await stored { store in
            let about = try store.uploads.find(id).record
            let upload = try DatasetUpload(
                store.blobs.writer(), format: Self.uploadFormats[about.contentType] ?? .jsonl,
                name: about.name,
                decoder: about.isCompressed ? GzipDecoder(bytesMax: bytesMax) : nil)
            return (try store.uploads.reader(id), upload)
        }
        do {
            // Piece by piece, so that others get their turn at the store between.
            while try await blocking.run({ try Self.move(from: reader, to: upload) }) {
                try Task.checkCancellation()
            }
            return try await stored { try upload.complete($0, once: key) }
        } catch {
            _ = try? await stored { _ in upload.discard() }
            throw error
        }
    }

    /// Whether there may be more.
    private static func move(from reader: PartialReader, to upload: DatasetUpload) throws -> Bool {
        guard let piece = try reader.next() else { return false }
        try upload.accept(piece)
        return true
    }
}
