import HTTP
import Store

extension API {
    /// GET /v1/datasets
    @Sendable func listDatasets(_ request: Request) async throws -> Response {
        var query = try QueryReader(request)
        let page = try query.page(limits)
        try query.finish()
        let found = try await stored { try $0.datasets(PageQuery(page)) }
        return .list(found.items.map { ($0.id, $0.json) }, hasMore: found.hasMore)
    }
}
