import GRDB
import Spec

/// A name that requests may use for a model.
package struct AliasRecord: Sendable, Equatable {
    package var name: String
    /// The model's id.
    package var model: String
    package var updated: Double
}

/// What must be true of an alias for it to be changed.
package enum AliasCondition: Sendable, Equatable {
    case none
    /// It exists.
    case exists
    /// It does not exist.
    case absent
    /// It points at one of these models.
    case pointsAt(Set<String>)
}

extension Store {
    /// In the order of their names; `after` is a name.
    package func aliases(_ query: PageQuery) throws -> Page<AliasRecord> {
        let (comparison, order) = query.descending ? ("<", "DESC") : (">", "ASC")
        return try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM aliases WHERE :after IS NULL OR name \(comparison) :after
                    ORDER BY name \(order) LIMIT :limit
                    """, arguments: ["after": query.after, "limit": query.limit + 1])
            let items = rows.prefix(query.limit).map(Self.aliasRecord)
            return Page(items: Array(items), hasMore: rows.count > query.limit)
        }
    }

    package func alias(_ name: String) throws -> AliasRecord {
        guard let alias = try read({ try Self.alias(name, $0) }) else {
            throw StoreError.notFound("alias", name)
        }
        return alias
    }

    /// Points the alias at a model, given by id or by another alias, if the condition holds: in one
    /// transaction, so that of two who saw the same state only one succeeds.
    /// - Returns: the alias as it is now, and whether it is new.
    /// - Throws: `not_found` for the model, `precondition_failed`.
    package func setAlias(
        _ name: String, model: String, if condition: AliasCondition = .none
    ) throws -> (alias: AliasRecord, isNew: Bool) {
        try write { db in
            let before = try Self.alias(name, db)
            try Self.check(condition, of: before)
            guard let found = try Self.findModel(model, db) else {
                throw StoreError.notFound("model", model)
            }
            try Self.setAlias(name, model: found.id, db)
            guard let after = try Self.alias(name, db) else {
                throw StoreError.notFound("alias", name)
            }
            return (after, before == nil)
        }
    }

    /// - Throws: `not_found`, `precondition_failed`.
    package func deleteAlias(_ name: String, if condition: AliasCondition = .none) throws {
        try write { db in
            guard let before = try Self.alias(name, db) else {
                throw StoreError.notFound("alias", name)
            }
            try Self.check(condition, of: before)
            try db.execute(sql: "DELETE FROM aliases WHERE name = ?", arguments: [name])
        }
    }

    /// Removes a model and what only it needs.
    /// - Throws: `not_found`; `conflict` while an alias points at it or an unfinished run needs it.
    package func deleteModel(_ id: String) throws {
        let blobs = try write { db in
            guard let model = try Self.findModel(id, db), model.id == id else {
                throw StoreError.notFound("model", id)
            }
            let alias = try String.fetchOne(
                db, sql: "SELECT name FROM aliases WHERE model = ? ORDER BY name LIMIT 1",
                arguments: [id])
            if let alias {
                throw StoreError(
                    code: "conflict",
                    message: "the alias `\(alias)` points at the model; point it at another one "
                        + "or delete it first")
            }
            let runs = try Row.fetchAll(
                db, sql: "SELECT * FROM runs WHERE status IN ('queued', 'running', 'paused')")
            for run in try runs.map(Self.runRecord)
            where try Self.findModel(run.spec.baseModel, db)?.id == id {
                throw StoreError(
                    code: "conflict",
                    message: "the run `\(run.id)` starts from the model; cancel it first")
            }
            try db.execute(sql: "DELETE FROM models WHERE id = ?", arguments: [id])
            return [model.baseSHA256, model.weightsSHA256]
        }
        try deleteUnreferenced(blobs)
    }

    private static func check(_ condition: AliasCondition, of alias: AliasRecord?) throws {
        let holds =
            switch condition {
            case .none: true
            case .exists: alias != nil
            case .absent: alias == nil
            case .pointsAt(let models): alias.map { models.contains($0.model) } ?? false
            }
        guard holds else {
            let state = alias.map { "points at `\($0.model)`" } ?? "does not exist"
            throw StoreError(
                code: "precondition_failed", message: "the alias has changed: it \(state) now")
        }
    }

    private static func alias(_ name: String, _ db: Database) throws -> AliasRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM aliases WHERE name = ?", arguments: [name])
            .map(aliasRecord)
    }

    private static func aliasRecord(_ row: Row) -> AliasRecord {
        AliasRecord(name: row["name"], model: row["model"], updated: row["updated"])
    }
}
