import HTTP
import JSON
import Store

extension API {
    /// PUT /v1/aliases/{name}: promote or roll back; with If-Match only from the state that the
    /// caller has seen.
    @Sendable func putAlias(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        let name = try request.aliasName()
        let condition = try request.aliasCondition()
        let body = try await JSONBody.read(request, limits: limits)
        var fields = try FieldReader(body.value)
        guard let model = try fields.identifier("model") else {
            throw fields.missing("model", "a model's id, or another alias")
        }
        try fields.finish()
        do {
            let (alias, isNew) = try await stored {
                try $0.setAlias(name, model: model, if: condition)
            }
            return alias.response(status: isNew ? 201 : 200)
        } catch let error as StoreError where error.code == "not_found" {
            throw APIError.invalid("model", "names no model; GET /v1/models lists what there is")
        }
    }
}
