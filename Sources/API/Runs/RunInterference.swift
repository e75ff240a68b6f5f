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
            let points = RunPoints(store: store, run: id, pageMax: pageMax)
            let validation = try points.all(split: "validation")
            var found = try validation + points.all(split: "test") + points.all(split: "diagnosis")
            for name in ["rows_sampled", "sample_share"] + (withLosses ? ["loss"] : []) {
                found += try points.all(name: name, split: "train")
            }
            if run.spec.weighting != nil {
                found += try points.epochMeans(name: "loss_weight", split: "train")
            }
            func candidate(_ run: RunRecord) throws -> InterferenceSources.Candidate {
                InterferenceSources.Candidate(
                    run: run,
                    validation: try store.latestMetrics(run: run.id, split: "validation"),
                    test: try store.latestMetrics(run: run.id, split: "test"))
            }
            var own = try candidate(run)
            own.validation = InterferenceSources.kept(validation) ?? own.validation
            return InterferenceSources(
                own: own, points: found, map: try store.document(run: run.id, name: "map"),
                baselines: try store.baselines(of: run.id).map(candidate))
        }
    }
}

extension InterferenceSources {
    /// The validation scores of the model that was kept: those at the end of the last stage, which
    /// the trainer marks at an earlier step where it went back to that step's model. `nil` before
    /// a stage ended.
    static func kept(_ validation: [MetricPoint]) -> [MetricPoint]? {
        let ends = validation.filter { $0.name == "stage_end" && $0.value >= 1 }
        guard let end = ends.max(by: { $0.value < $1.value }) else { return nil }
        let kept = validation.filter { !$0.task.isEmpty && $0.step == end.step }
        return kept.isEmpty ? nil : kept
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
