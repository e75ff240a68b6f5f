package import Datasets
import GRDB
package import Spec

extension Store {
    /// Records a data set whose blob was kept. With a key that made one already, that one.
    package func createDataset(
        name: String, sha256: String, summary: DatasetSummary, idempotency: IdempotencyKey?
    ) throws -> DatasetRecord {
        try write { db in
            if let idempotency, let made = try Self.replay(idempotency, db) {
                return try Self.dataset(made, db)
            }
            try requireBlob(sha256)
            let id = try Identifier.make("ds_")
            try db.execute(
                sql: """
                    INSERT INTO datasets (id, name, created, sha256, summary)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [id, name, Clock.now(), sha256, try Self.json(summary)])
            try Self.remember(idempotency, object: id, db)
            return try Self.dataset(id, db)
        }
    }

    package func dataset(_ id: String) throws -> DatasetRecord {
        try read { try Self.dataset(id, $0) }
    }

    /// The labels that a task's head has, sorted: those in the data of all tasks that share it;
    /// empty for kinds without labels.
    package func labels(ofHead task: TaskSpec, in spec: RunSpec) throws -> [String] {
        guard task.kind.traits.labelsMin > 0 else { return [] }
        let labels = try spec.sharingHead(task).flatMap {
            try dataset($0.dataset).summary.labels.keys
        }
        return Set(labels).sorted()
    }

    package func datasets(_ page: PageQuery) throws -> Page<DatasetRecord> {
        try self.page(page, of: "datasets", called: "data set", Self.datasetRecord)
    }

    /// - Throws: `conflict` while an unfinished run uses it.
    package func deleteDataset(_ id: String) throws {
        let sha256 = try write { db in
            let record = try Self.dataset(id, db)
            let user = try String.fetchOne(
                db,
                sql: """
                    SELECT runs.id FROM run_datasets JOIN runs ON runs.id = run_datasets.run
                    WHERE run_datasets.dataset = ?
                        AND runs.status IN ('queued', 'running', 'paused')
                    LIMIT 1
                    """, arguments: [id])
            if let user {
                throw StoreError(
                    code: "conflict",
                    message: "the data set is used by the run `\(user)`; cancel it first")
            }
            try db.execute(sql: "DELETE FROM datasets WHERE id = ?", arguments: [id])
            return record.sha256
        }
        try deleteUnreferenced([sha256])
    }

    private static func dataset(_ id: String, _ db: Database) throws -> DatasetRecord {
        let row = try GRDB.Row.fetchOne(
            db, sql: "SELECT * FROM datasets WHERE id = ?", arguments: [id])
        guard let row else { throw StoreError.notFound("data set", id) }
        return try datasetRecord(row)
    }

    private static func datasetRecord(_ row: GRDB.Row) throws -> DatasetRecord {
        DatasetRecord(
            number: row["number"], id: row["id"], name: row["name"], created: row["created"],
            sha256: row["sha256"], summary: try decode(DatasetSummary.self, row["summary"]))
    }
}
