import CEmbedded
import HTTP

extension API {
    /// GET /openapi.yaml
    @Sendable func openAPIDocument(_ request: Request) async throws -> Response {
        var fields = Fields()
        fields["Content-Type"] = "application/yaml"
        return Response(200, fields, body: .bytes(Self.openAPIText))
    }

    /// The document as it was built into the binary.
    package static var openAPIText: [UInt8] {
        guard let start = polytask_openapi_bytes() else { return [] }
        return Array(UnsafeBufferPointer(start: start, count: polytask_openapi_count()))
    }
}
