import HTTP
import JSON
import Store

extension AliasRecord {
    /// The alias object.
    var json: JSON {
        [
            "id": .string(name), "object": "alias", "name": .string(name),
            "model": .string(model), "updated": .seconds(updated),
        ]
    }

    /// With the tag that If-Match takes.
    func response(status: Int = 200) -> Response {
        var response = Response.json(json, status: status)
        response.fields["ETag"] = "\"\(model)\""
        return response
    }
}

extension Request {
    /// The name of a path such as `/v1/aliases/{name}`.
    func aliasName() throws -> String {
        guard let name = parameters["name"], ModelName.isValid(name) else {
            throw APIError(
                .invalidValue,
                "an alias must be \(Identifier.rule), and must not begin with mdl_",
                parameter: "name")
        }
        return name
    }
}
