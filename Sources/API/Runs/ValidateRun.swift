import HTTP
import JSON
import Store

extension API {
    /// POST /v1/runs/validate: the checks of POST /v1/runs and what the run would cost; nothing is
    /// started.
    @Sendable func validateRun(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let body = try await JSONBody.read(request, limits: limits)
        let reader = RunRequest(catalogue: catalogue, dtypes: dtypes, limits: limits)
        let (spec, cost) = try await stored { store in
            let spec = try RunChecks(store: store, catalogue: reader.catalogue)
                .resolve(try reader.read(body.value))
            return (spec, try CostEstimate(spec, store: store, catalogue: reader.catalogue))
        }
        return .json(["object": "run.validation", "spec": spec.json, "estimate": cost.json])
    }
}

extension CostEstimate {
    fileprivate var json: JSON {
        [
            "rows": .count(rows), "tokens": .count(tokens), "steps": .count(steps),
            "memory_bytes": memoryBytes.map { .count($0) } ?? nil,
            "runs": .count(runs), "tokens_with_baselines": .count(tokensWithBaselines),
            "seconds": .measure(seconds),
        ]
    }
}
