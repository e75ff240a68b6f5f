import GRDB

extension Store {
    /// The id of the object that the key made; nil when it made none.
    /// - Throws: `idempotency_mismatch` when it came with another body.
    package func replay(_ key: IdempotencyKey) throws -> String? {
        try read { try Self.replay(key, $0) }
    }

    static func replay(_ key: IdempotencyKey, _ db: Database) throws -> String? {
        let row = try Row.fetchOne(
            db, sql: "SELECT body_sha256, object FROM idempotency_keys WHERE route = ? AND key = ?",
            arguments: [key.route, key.key])
        guard let row else { return nil }
        guard row["body_sha256"] == key.bodySHA256 else {
            throw StoreError(
                code: "idempotency_mismatch",
                message: "this Idempotency-Key was used with another body; choose a new key")
        }
        return row["object"]
    }

    static func remember(_ key: IdempotencyKey?, object: String, _ db: Database) throws {
        guard let key else { return }
        try db.execute(
            sql: "INSERT INTO idempotency_keys VALUES (?, ?, ?, ?, ?)",
            arguments: [key.route, key.key, key.bodySHA256, object, Clock.now()])
    }
}
