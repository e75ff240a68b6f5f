import HTTP
import JSON
import Spec
import Store

extension API {
    /// GET /v1/runs/{id}/interference: what the run's metrics so far say of how its tasks
    /// interfere, as JSON or as a page.
    @Sendable func runInterference(_ request: Request) async throws -> Response {
        let id = try request.id("run")
        var query = try QueryReader(request)
        let format = try query.choice("format", of: ["json", "html"])
        try query.finish()
        let isPage = format.map { $0 == "html" } ?? request.prefersHTML
        let sources = try await interferenceSources(id, withLosses: isPage)
        let next = interference.next(sources)?.json
        guard isPage else {
            var json = interference.json(sources)
            if let next, case .object(var report) = json,
                case .object(var suggestion)? = report["suggestion"]
            {
                suggestion["run"] = next
                report["suggestion"] = .object(suggestion)
                json = .object(report)
            }
            var response = Response.json(json)
            response.fields["Vary"] = "Accept"
            return response
        }
        var fields = Fields()
        fields["Vary"] = "Accept"
        fields["Content-Type"] = "text/html; charset=utf-8"
        // The page has no script; nothing that a name smuggles in may run or load.
        fields["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
        fields["X-Content-Type-Options"] = "nosniff"
        let page = interference.page(sources, next)
        return Response(200, fields, body: .bytes(Array(page.utf8)))
    }

    private func interferenceSources(
        _ id: String, withLosses: Bool
    ) async throws -> InterferenceSources {
        let pageMax = limits.metricsPageMax
        return try await stored { store in
            let run = try store.run(id)
            func points(name: String? = nil, split: String) throws -> [MetricPoint] {
                var (all, after) = ([MetricPoint](), Int64?.none)
                while true {
                    let page = try store.metrics(
                        run: run.id, task: nil, name: name, split: split, afterStep: nil,
                        after: after, limit: pageMax)
                    all += page.items.map(\.point)
                    guard page.hasMore, let last = page.items.last else { return all }
                    after = last.number
                }
            }
            func candidate(_ run: RunRecord) throws -> InterferenceSources.Candidate {
                InterferenceSources.Candidate(
                    run: run,
                    validation: try store.latestMetrics(run: run.id, split: "validation"),
                    test: try store.latestMetrics(run: run.id, split: "test"))
            }
            let found =
                try points(split: "validation") + points(split: "diagnosis")
                + points(name: "sample_share", split: "train")
                + (withLosses ? points(name: "loss", split: "train") : [])
            return InterferenceSources(
                own: try candidate(run), points: found,
                map: try store.document(run: run.id, name: "map"),
                baselines: try store.baselines(of: run.id).map(candidate))
        }
    }
}

extension Request {
    /// A browser asks for HTML first; programs ask for JSON, for anything, or for nothing.
    fileprivate var prefersHTML: Bool {
        let wanted = (fields["Accept"] ?? "").split(separator: ",").map {
            $0.split(separator: ";").first?.trimmed.lowercased() ?? ""
        }
        return wanted.first { ["text/html", "application/json", "*/*"].contains($0) }
            == "text/html"
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
    }
}
