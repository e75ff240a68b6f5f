import Datasets
import HTTP
import JSON
import Store

extension API {
    /// POST /v1/uploads: begins a data set whose rows come in several requests.
    @Sendable func createUpload(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let body = try await JSONBody.read(request, limits: limits)
        var fields = try FieldReader(body.value)
        guard let name = try fields.identifier("name") else {
            throw fields.missing("name", "a name for the data set")
        }
        let type = try fields.choice("content_type", of: Array(Self.uploadFormats.keys).sorted())
        let coding = try fields.choice("content_encoding", of: ["gzip", "identity"])
        try fields.finish()
        let record = UploadRecord(
            name: name, contentType: type ?? "application/jsonl", isCompressed: coding == "gzip")
        let limits = limits
        let id = try await stored {
            try $0.uploads.begin(
                record, countMax: limits.partialUploadsMax,
                expiry: record.created - limits.partialUploadSeconds)
        }
        var response = record.response(id: id, offset: 0, status: 201)
        response.fields["Location"] = "/v1/uploads/\(id)"
        return response
    }

    /// The media types that rows may have.
    static let uploadFormats: [String: UploadFormat] = [
        "application/jsonl": .jsonl, "text/csv": .csv, "text/plain": .text,
    ]
}
