import HTTP
import JSON

/// A JSON body with the digest that an Idempotency-Key remembers.
struct JSONBody {
    var value: JSON
    var bytes: [UInt8]

    /// - Throws: 415 for another media type, 413 past the limit, 400 with the byte offset where
    ///   the body is not strict JSON.
    static func read(_ request: Request, limits: APILimits) async throws -> JSONBody {
        let type = try MediaType.essence(request, expected: "application/json")
        guard type == nil || type == "application/json" else {
            throw MediaType.unsupported(
                "this route takes JSON: send Content-Type: application/json")
        }
        if let coding = request.fields["Content-Encoding"], coding != "identity" {
            throw APIError(
                .unsupportedMediaType, "a JSON body must come without Content-Encoding",
                parameter: "Content-Encoding")
        }
        let bytes = try await request.body.collect(upTo: limits.jsonBodyBytesMax)
        return JSONBody(value: try JSON.parse(bytes), bytes: bytes)
    }
}
