import HTTP
import JSON
import Store

extension API {
    /// GET /v1/models/{id}: by id or alias; with its card, which the list leaves out.
    @Sendable func getModel(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.id("model")
        return .json(
            try await stored { store in
                if let underWay = try store.findImport(id) { return underWay.json }
                let model = try store.model(id)
                guard var object = model.json.object else { return model.json }
                for member in try ModelCard(model, store: store).json.members {
                    object[member.name] = member.value
                }
                return .object(object)
            })
    }
}
