import GRDB
package import JSON

extension Store {
    /// Records a pretrained model whose blob was kept and points the alias of its name at it. The
    /// same name and file again: the existing one, its alias left as it is.
    package func createBaseModel(
        name: String, sha256: String, summary: JSON
    ) throws -> ModelRecord {
        try write { db in
            let existing = try Row.fetchOne(
                db,
                sql: "SELECT * FROM models WHERE kind = 'base' AND name = ? AND base_sha256 = ?",
                arguments: [name, sha256])
            if let existing { return try Self.modelRecord(existing) }
            try requireBlob(sha256)
            let model = try Self.insertModel(
                name: name, kind: "base", base: sha256, weights: nil, run: nil, summary, db)
            try Self.setAlias(name, model: model.id, db)
            return model
        }
    }

    package func model(_ idOrAlias: String) throws -> ModelRecord {
        let model = try read { try Self.findModel(idOrAlias, $0) }
        guard let model else { throw StoreError.notFound("model", idOrAlias) }
        return model
    }

    /// The pretrained model of this file, the oldest where it was imported under several names.
    package func baseModel(sha256: String) throws -> ModelRecord? {
        try read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT * FROM models WHERE kind = 'base' AND base_sha256 = ?
                    ORDER BY number LIMIT 1
                    """, arguments: [sha256]
            ).map(Self.modelRecord)
        }
    }

    package func models(_ page: PageQuery) throws -> Page<ModelRecord> {
        try self.page(page, of: "models", called: "model", Self.modelRecord)
    }

    static func findModel(_ idOrAlias: String, _ db: Database) throws -> ModelRecord? {
        try Row.fetchOne(
            db,
            sql: """
                SELECT * FROM models WHERE id = :it
                UNION ALL
                SELECT models.* FROM aliases JOIN models ON models.id = aliases.model
                WHERE aliases.name = :it
                LIMIT 1
                """, arguments: ["it": idOrAlias]
        ).map(modelRecord)
    }

    static func setAlias(_ name: String, model: String, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO aliases (name, model, updated) VALUES (?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET model = excluded.model, updated = excluded.updated
                """, arguments: [name, model, Clock.now()])
    }

    static func insertModel(
        id given: String? = nil, name: String, kind: String, base: String, weights: String?,
        run: String?,
        _ summary: JSON, _ db: Database
    ) throws -> ModelRecord {
        let id = try given ?? Identifier.make("mdl_")
        try db.execute(
            sql: """
                INSERT INTO models
                    (id, name, created, kind, base_sha256, weights_sha256, run, summary)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [id, name, Clock.now(), kind, base, weights, run, summary.text])
        guard let model = try findModel(id, db) else { throw StoreError.notFound("model", id) }
        return model
    }

    private static func modelRecord(_ row: Row) throws -> ModelRecord {
        let summary: JSON
        do {
            summary = try JSON.parse(row["summary"] as String)
        } catch {
            throw StoreError(
                code: "corrupt", message: "a model's summary is not JSON: \(error.message)")
        }
        return ModelRecord(
            number: row["number"], id: row["id"], name: row["name"], created: row["created"],
            kind: row["kind"], baseSHA256: row["base_sha256"],
            weightsSHA256: row["weights_sha256"], run: row["run"], summary: summary)
    }
}
