import GRDB
package import JSON

extension Store {
    /// Files of an import that outlive the process, so that a download goes on.
    package func importFolder(_ id: String) -> String { "\(folder)/imports/\(id)" }

    package func createImport(name: String, source: JSON) throws -> ImportRecord {
        try write { db in
            let id = try Identifier.make("mdl_")
            try db.execute(
                sql: """
                    INSERT INTO imports (id, name, created, status, source)
                    VALUES (?, ?, ?, 'importing', ?)
                    """, arguments: [id, name, Clock.now(), source.text])
            guard let record = try Self.findImport(id, db) else {
                throw StoreError.notFound("model", id)
            }
            return record
        }
    }

    /// nil when there is none, or the model is there already.
    package func findImport(_ id: String) throws -> ImportRecord? {
        try read { try Self.findImport(id, $0) }
    }

    /// The oldest that is not over.
    package func nextImport() throws -> ImportRecord? {
        try read { db in
            try Row.fetchOne(
                db,
                sql: "SELECT * FROM imports WHERE status = 'importing' ORDER BY number LIMIT 1"
            ).map(Self.importRecord)
        }
    }

    /// - Returns: false when the import was deleted: it must stop.
    package func recordImport(_ id: String, phase: String, done: Int, total: Int) throws -> Bool {
        try write { db in
            try db.execute(
                sql: """
                    UPDATE imports SET phase = ?, bytes_done = ?, bytes_total = ?
                    WHERE id = ? AND status = 'importing'
                    """, arguments: [phase, done, total, id])
            return db.changesCount == 1
        }
    }

    package func failImport(_ id: String, code: String, message: String) throws {
        try write { db in
            try db.execute(
                sql: """
                    UPDATE imports SET status = 'failed', error_code = ?, error_message = ?
                    WHERE id = ?
                    """, arguments: [code, message, id])
        }
    }

    /// The model, whose blob was kept, takes the import's place and its id, and the alias of its
    /// name; nil when the import was deleted meanwhile.
    package func finishImport(
        _ id: String, sha256: String, summary: JSON
    ) throws -> ModelRecord? {
        try write { db in
            guard let record = try Self.findImport(id, db) else { return nil }
            try requireBlob(sha256)
            try db.execute(sql: "DELETE FROM imports WHERE id = ?", arguments: [id])
            let model = try Self.insertModel(
                id: id, name: record.name, kind: "base", base: sha256, weights: nil, run: nil,
                summary, db)
            try Self.setAlias(record.name, model: id, db)
            return model
        }
    }

    /// - Returns: false when there is none of this id.
    package func deleteImport(_ id: String) throws -> Bool {
        try write { db in
            try db.execute(sql: "DELETE FROM imports WHERE id = ?", arguments: [id])
            return db.changesCount == 1
        }
    }

    private static func findImport(_ id: String, _ db: Database) throws -> ImportRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM imports WHERE id = ?", arguments: [id])
            .map(importRecord)
    }

    private static func importRecord(_ row: Row) throws -> ImportRecord {
        guard let status = ImportRecord.Status(rawValue: row["status"]),
            let source = try? JSON.parse(row["source"] as String)
        else { throw StoreError(code: "corrupt", message: "an import's row is not readable") }
        return ImportRecord(
            number: row["number"], id: row["id"], name: row["name"], created: row["created"],
            status: status, source: source, phase: row["phase"], bytesDone: row["bytes_done"],
            bytesTotal: row["bytes_total"], errorCode: row["error_code"],
            errorMessage: row["error_message"])
    }
}
