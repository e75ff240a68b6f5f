package import HTTP

extension API {
    /// The registry: one line a route, held equal to openapi.yaml by a test.
    package var routes: [Route] {
        [
            Route(.get, "/livez", livez),
            Route(.get, "/readyz", readyz),
            Route(.get, "/v1/info", info),
            Route(.get, "/openapi.yaml", openAPIDocument),
            Route(.get, "/v1/methods", listMethods),
            Route(.post, "/v1/datasets", createDataset),
            Route(.get, "/v1/datasets", listDatasets),
            Route(.get, "/v1/datasets/{id}", getDataset),
            Route(.delete, "/v1/datasets/{id}", deleteDataset),
            Route(.get, "/v1/datasets/{id}/rows", listRows),
            Route(.post, "/v1/runs", createRun),
            Route(.get, "/v1/runs", listRuns),
            Route(.get, "/v1/runs/{id}", getRun),
            Route(.post, "/v1/runs/{id}/cancel", cancelRun),
            Route(.get, "/v1/runs/{id}/metrics", runMetrics),
            Route(.get, "/v1/runs/{id}/events", runEvents),
            Route(.get, "/v1/runs/{id}/interference", runInterference),
            Route(.get, "/v1/models", listModels),
            Route(.get, "/v1/models/{id}", getModel),
            Route(.post, "/v1/classify", classify),
            Route(.post, "/v1/generate", generate),
        ]
    }
}
