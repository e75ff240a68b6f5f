package import HTTP

extension API {
    /// The registry: one line a route, held equal to openapi.yaml by a test.
    package var routes: [Route] {
        [
            route(.get, "/livez", livez),
            route(.get, "/readyz", readyz),
            route(.get, "/v1/info", info),
            route(.get, "/openapi.yaml", openAPIDocument),
            route(.post, "/v1/datasets", createDataset),
            route(.get, "/v1/datasets", listDatasets),
            route(.get, "/v1/datasets/{id}", getDataset),
            route(.delete, "/v1/datasets/{id}", deleteDataset),
            route(.get, "/v1/datasets/{id}/rows", listRows),
            route(.post, "/v1/runs", createRun),
            route(.get, "/v1/runs", listRuns),
            route(.get, "/v1/runs/{id}", getRun),
            route(.post, "/v1/runs/{id}/cancel", cancelRun),
            route(.get, "/v1/runs/{id}/metrics", runMetrics),
            route(.get, "/v1/runs/{id}/events", runEvents),
            route(.get, "/v1/models", listModels),
            route(.get, "/v1/models/{id}", getModel),
            route(.post, "/v1/classify", classify),
            route(.post, "/v1/generate", generate),
        ]
    }

    private func route(
        _ method: Method, _ pattern: String,
        _ handler: @escaping @Sendable (Request) async throws -> Response
    ) -> Route {
        Route(method, pattern) { request in
            var response = try await handler(request)
            response.fields["X-Request-Id"] = request.id
            return response
        }
    }
}
