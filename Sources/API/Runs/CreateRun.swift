import HTTP
import JSON
import Store

extension API {
    /// POST /v1/runs: everything is checked before the 202; then the pool is told.
    @Sendable func createRun(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let body = try await JSONBody.read(request, limits: limits)
        let key = try request.idempotencyKey().map {
            IdempotencyKey(
                key: $0, route: "POST /v1/runs", bodySHA256: SHA256.hex(body.bytes))
        }
        let reader = RunRequest(catalogue: catalogue, dtypes: dtypes, limits: limits)
        let record = try await stored { store in
            if let key, let id = try store.replay(key) { return try store.run(id) }
            let spec = try RunChecks(store: store, catalogue: reader.catalogue)
                .resolve(try reader.read(body.value))
            return try store.createRun(spec, idempotency: key)
        }
        compute.wake()
        var response = Response.json(record.json, status: 202)
        response.fields["Location"] = "/v1/runs/\(record.id)"
        return response
    }
}
