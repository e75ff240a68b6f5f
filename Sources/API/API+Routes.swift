import HTTP
import Store

extension API {
    /// The registry: one line a route, held equal to openapi.yaml by a test. Each says which key
    /// opens it.
    package var endpoints: [Endpoint] {
        [
            Endpoint(.open, .get, "/livez", as: .health, livez),
            Endpoint(.open, .get, "/readyz", as: .health, readyz),
            Endpoint([.metrics], .get, "/metrics", as: .health, serviceMetrics),
            Endpoint(.anyKey, .get, "/v1/info", info),
            Endpoint(.anyKey, .get, "/openapi.yaml", openAPIDocument),
            Endpoint(.anyKey, .get, "/v1/methods", listMethods),
            Endpoint([.train], .post, "/v1/datasets", as: .upload, createDataset),
            Endpoint([.train], .get, "/v1/datasets", listDatasets),
            Endpoint([.train], .get, "/v1/datasets/{id}", getDataset),
            Endpoint([.train], .delete, "/v1/datasets/{id}", deleteDataset),
            Endpoint([.train], .get, "/v1/datasets/{id}/rows", listRows),
            Endpoint([.train], .get, "/v1/datasets/{id}/overlap", datasetOverlap),
            Endpoint([.train], .post, "/v1/uploads", createUpload),
            Endpoint([.train], .get, "/v1/uploads/{id}", getUpload),
            Endpoint([.train], .patch, "/v1/uploads/{id}", as: .upload, appendUpload),
            Endpoint([.train], .delete, "/v1/uploads/{id}", deleteUpload),
            Endpoint([.train], .post, "/v1/uploads/{id}/complete", as: .upload, completeUpload),
            Endpoint([.train], .post, "/v1/runs", createRun),
            Endpoint([.train], .post, "/v1/runs/validate", validateRun),
            Endpoint([.train], .get, "/v1/runs", listRuns),
            Endpoint([.train], .get, "/v1/runs/{id}", getRun),
            Endpoint([.train], .post, "/v1/runs/{id}/cancel", cancelRun),
            Endpoint([.train], .post, "/v1/runs/{id}/pause", pauseRun),
            Endpoint([.train], .post, "/v1/runs/{id}/resume", resumeRun),
            Endpoint([.train], .get, "/v1/runs/{id}/metrics", runMetrics),
            Endpoint([.train], .get, "/v1/runs/{id}/events", runEvents),
            Endpoint([.train], .get, "/v1/runs/{id}/interference", runInterference),
            Endpoint([.infer, .train, .admin], .get, "/v1/models", listModels),
            Endpoint([.infer, .train, .admin], .get, "/v1/models/{id}", getModel),
            Endpoint([.train, .admin], .get, "/v1/models/{id}/export", as: .upload, exportModel),
            Endpoint([.admin], .post, "/v1/models", as: .upload, importModel),
            Endpoint([.admin], .delete, "/v1/models/{id}", deleteModel),
            Endpoint([.infer, .train, .admin], .get, "/v1/aliases", listAliases),
            Endpoint([.infer, .train, .admin], .get, "/v1/aliases/{name}", getAlias),
            Endpoint([.admin], .put, "/v1/aliases/{name}", putAlias),
            Endpoint([.admin], .delete, "/v1/aliases/{name}", deleteAlias),
            Endpoint([.infer], .post, "/v1/classify", as: .classify, classify),
            Endpoint([.infer], .post, "/v1/embeddings", as: .classify, embeddings),
            Endpoint([.infer], .post, "/v1/generate", as: .generate, generate),
            Endpoint([.infer], .post, "/v1/completions", as: .generate, completions),
            Endpoint([.infer], .post, "/v1/chat/completions", as: .generate, chatCompletions),
        ]
    }
}
