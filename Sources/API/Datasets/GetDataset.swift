import HTTP
import Store

extension API {
    /// GET /v1/datasets/{id}
    @Sendable func getDataset(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.id("data set")
        return .json(try await stored { try $0.dataset(id) }.json)
    }
}
