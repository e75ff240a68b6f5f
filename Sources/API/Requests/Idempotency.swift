import HTTP
import Store

extension Request {
    /// The Idempotency-Key header.
    /// - Throws: `APIError` when it is empty, too long, or not printable ASCII.
    func idempotencyKey() throws -> String? {
        guard let key = fields["Idempotency-Key"] else { return nil }
        guard (1...255).contains(key.utf8.count),
            key.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else {
            throw APIError(
                .invalidValue,
                "Idempotency-Key must be 1 to 255 printable ASCII characters, found "
                    + "\(key.utf8.count) bytes", parameter: "Idempotency-Key")
        }
        return key
    }

    /// The id of a path such as `/v1/runs/{id}`.
    /// - Throws: `not_found` when no object can have that id.
    func id(_ what: String) throws -> String {
        guard let id = parameters["id"], Identifier.isValid(id) else {
            throw APIError.notFound(what, "")
        }
        return id
    }
}
