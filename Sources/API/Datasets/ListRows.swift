import HTTP
import JSON
import Store

extension API {
    /// GET /v1/datasets/{id}/rows: the canonical rows; `after` is a row number, counted from 1.
    @Sendable func listRows(_ request: Request) async throws -> Response {
        var query = try QueryReader(request)
        let limit = try query.integer("limit", in: 1...limits.pageRowsMax) ?? 20
        let after = try query.integer("after", in: 0...Int(Int32.max)) ?? 0
        try query.finish()
        let id = try request.id("data set")
        let bytesMax = limits.pageBytesMax
        let page = try await stored { store in
            let record = try store.dataset(id)
            return try LineFile(store.blobs.path(record.sha256))
                .lines(after: after, limit: limit, bytesMax: bytesMax)
        }
        let rows = try page.lines.enumerated().map { index, line in
            let number = after + index + 1
            let row: JSON = [
                "object": "dataset.row", "number": .count(number), "row": try JSON.parse(line),
            ]
            return (id: String(number), value: row)
        }
        return .list(rows, hasMore: page.hasMore)
    }
}
