import HTTP
import JSON
import Spec
import Store

extension API {
    /// GET /v1/runs/{id}/metrics: one page as JSON, or everything as JSON lines or CSV.
    @Sendable func runMetrics(_ request: Request) async throws -> Response {
        var query = try QueryReader(request)
        let filter = MetricFilter(
            run: try request.id("run"), task: try query.identifier("task"),
            name: try query.identifier("name", bytesMax: MetricFilter.nameBytesMax),
            split: try query.choice("split", of: ["train", "validation", "test", "diagnosis"]),
            afterStep: try query.integer("after_step", in: 0...Int(Int32.max)))
        let format = try query.choice("format", of: ["json", "jsonl", "csv"]) ?? "json"
        let limit = try query.integer("limit", in: 1...limits.metricsPageMax)
        let after = try query.integer("after", in: 0...Int.max).map { Int64($0) }
        try query.finish()
        let (epochs, first) = try await stored { store in
            let epochs = try store.run(filter.run).spec.epochs
            return (epochs, try filter.page(store, after: after, limit: limit ?? 100))
        }
        guard format != "json" else {
            return .list(
                first.items.map { (String($0.number), $0.json(epochs: epochs)) },
                hasMore: first.hasMore)
        }
        let lines = format == "csv" ? MetricFormat.csv : .jsonl
        return export(filter, as: lines, epochs: epochs, after: after, rowsMax: limit)
    }

    private func export(
        _ filter: MetricFilter, as format: MetricFormat, epochs: Int, after: Int64?, rowsMax: Int?
    ) -> Response {
        var fields = Fields()
        fields["Content-Type"] = format.contentType
        let pageMax = limits.metricsPageMax
        return Response(
            200, fields,
            body: .stream { [self] writer in
                try await writer.write(format.header)
                var after = after
                var left = rowsMax ?? Int.max
                while left > 0 {
                    let (from, count) = (after, min(left, pageMax))
                    let page = try await stored { try filter.page($0, after: from, limit: count) }
                    guard let last = page.items.last else { return }
                    try await writer.write(page.items.flatMap { format.line($0, epochs: epochs) })
                    after = last.number
                    left -= page.items.count
                    guard page.hasMore else { return }
                }
            })
    }
}

/// Which metrics of a run.
struct MetricFilter: Sendable {
    /// Some end with a task's name.
    static let nameBytesMax = 2 * Identifier.bytesMax

    var run: String
    var task: String?
    var name: String?
    var split: String?
    var afterStep: Int?

    func page(_ store: Store, after: Int64?, limit: Int) throws -> Page<MetricRecord> {
        try store.metrics(
            run: run, task: task, name: name, split: split, afterStep: afterStep, after: after,
            limit: limit)
    }
}
