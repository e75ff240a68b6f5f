import HTTP
import Store

extension API {
    /// GET /v1/aliases, in the order of their names.
    @Sendable func listAliases(_ request: Request) async throws -> Response {
        var query = try QueryReader(request)
        var page = try query.page(limits)
        page.descending = try query.choice("order", of: ["asc", "desc"]) == "desc"
        try query.finish()
        let asked = PageQuery(page)
        let found = try await stored { try $0.aliases(asked) }
        return .list(found.items.map { ($0.name, $0.json) }, hasMore: found.hasMore)
    }
}
