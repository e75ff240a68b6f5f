import HTTP
import Spec
import Store

extension API {
    /// GET /v1/runs/{id}/interference: what the run's metrics so far say of how its tasks interfere.
    @Sendable func runInterference(_ request: Request) async throws -> Response {
        let id = try request.id("run")
        try QueryReader(request).finish()
        let pageMax = limits.metricsPageMax
        let (run, points) = try await stored { store in
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
            let found =
                try points(split: "validation") + points(split: "diagnosis")
                + points(name: "sample_share", split: "train")
            return (run, found)
        }
        return .json(interference(run.spec, points))
    }
}
