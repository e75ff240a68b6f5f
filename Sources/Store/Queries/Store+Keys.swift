import GRDB

extension Store {
    /// Every key that was ever made, the revoked ones too, oldest first.
    package func keys() throws -> [KeyRecord] {
        try read(Self.keys)
    }

    static func keys(_ db: Database) throws -> [KeyRecord] {
        try Row.fetchAll(db, sql: "SELECT * FROM api_keys ORDER BY number").map { row in
            KeyRecord(
                number: row["number"], id: row["id"], name: row["name"], created: row["created"],
                digest: row["digest"], scopes: try decode(Set<KeyScope>.self, row["scopes"]),
                requestsPerMinute: row["requests_per_minute"], concurrent: row["concurrent"],
                revoked: row["revoked"])
        }
    }
}
