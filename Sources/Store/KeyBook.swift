// The keys of a data folder, for the operator's commands. Unlike `Store` it opens beside a running
// server, which sees a change within a second.

import GRDB

/// Makes, lists and revokes API keys.
package struct KeyBook: Sendable {
    private let database: DatabasePool
    /// Held where no server has the folder, so that its schema can be brought up to date.
    private let store: Store?

    /// - Throws: `StoreError`; `newer_database` or `conflict` where the running server is of
    ///   another version.
    package init(folder: String) throws {
        do {
            let store = try Store(folder: folder)
            self.store = store
            database = store.database
        } catch let error as StoreError where error.code == "locked" {
            store = nil
            database = try Store.openBeside(folder: folder)
        }
    }

    /// A new key; `secret` is the only time that it is seen.
    package func create(
        name: String, scopes: Set<KeyScope>, requestsPerMinute: Int?, concurrent: Int?
    ) throws -> (record: KeyRecord, secret: String) {
        let id = try Identifier.make("key_")
        let secret = try Identifier.make("ptk_", length: 40)
        let record = try Store.translating {
            try database.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO api_keys (id, name, created, digest, scopes,
                            requests_per_minute, concurrent)
                        VALUES (?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        id, name, Clock.now(), SHA256Hasher.hex(of: secret),
                        try Store.json(scopes.map(\.rawValue).sorted()), requestsPerMinute,
                        concurrent,
                    ])
                return try Store.keys(db).first { $0.id == id }
            }
        }
        guard let record else { throw StoreError.notFound("key", id) }
        return (record, secret)
    }

    package func list() throws -> [KeyRecord] {
        try Store.translating { try database.read(Store.keys) }
    }

    /// - Throws: `not_found`; `conflict` when it is revoked already.
    package func revoke(_ id: String) throws {
        try Store.translating {
            try database.write { db in
                guard let key = try Store.keys(db).first(where: { $0.id == id }) else {
                    throw StoreError.notFound("key", id)
                }
                guard key.revoked == nil else {
                    throw StoreError(
                        code: "conflict", message: "the key \(StoreError.shown(id)) is revoked")
                }
                try db.execute(
                    sql: "UPDATE api_keys SET revoked = ? WHERE id = ?",
                    arguments: [Clock.now(), id])
            }
        }
    }
}
