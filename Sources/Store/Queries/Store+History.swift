import GRDB
package import Spec

extension Store {
    /// The run's metrics in the order they were first recorded, narrowed by what is not nil.
    /// `after` is a metric's number.
    package func metrics(
        run: String, task: String?, name: String?, split: String?, afterStep: Int?, after: Int64?,
        limit: Int
    ) throws -> Page<MetricRecord> {
        try read { db in
            _ = try Self.run(run, db)
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM metrics
                    WHERE run = :run AND number > :after
                        AND (:task IS NULL OR task = :task) AND (:name IS NULL OR name = :name)
                        AND (:split IS NULL OR split = :split)
                        AND (:step IS NULL OR step > :step)
                    ORDER BY number LIMIT :limit
                    """,
                arguments: [
                    "run": run, "after": after ?? 0, "task": task, "name": name, "split": split,
                    "step": afterStep, "limit": max(limit, 0) + 1,
                ])
            return Page(
                items: rows.prefix(max(limit, 0)).map(Self.metricRecord),
                hasMore: rows.count > max(limit, 0))
        }
    }

    /// The run's events after event number `after`, oldest first.
    package func events(run: String, after: Int64, limit: Int) throws -> [EventRecord] {
        try read { db in
            _ = try Self.run(run, db)
            return try Row.fetchAll(
                db,
                sql: "SELECT * FROM events WHERE run = ? AND number > ? ORDER BY number LIMIT ?",
                arguments: [run, after, max(limit, 0)]
            ).map {
                EventRecord(
                    number: $0["number"], run: $0["run"], time: $0["time"], kind: $0["kind"],
                    message: $0["message"])
            }
        }
    }

    /// The last value of every metric of a split.
    package func latestMetrics(run: String, split: String) throws -> [MetricPoint] {
        try read { db in
            // SQLite takes the other columns from the row with the maximum.
            try Row.fetchAll(
                db,
                sql: """
                    SELECT *, max(step) FROM metrics WHERE run = ? AND split = ?
                    GROUP BY task, name ORDER BY task, name
                    """, arguments: [run, split]
            ).map { Self.metricRecord($0).point }
        }
    }

    /// Tokens a second of the newest run on a base model that finished; `nil` without one.
    package func speed(baseModel: String) throws -> Double? {
        try read { db in
            try Double.fetchOne(
                db,
                sql: """
                    SELECT tokens_per_second FROM runs
                    WHERE status = 'succeeded' AND tokens_per_second > 0
                        AND json_extract(spec, '$.baseModel') = ?
                    ORDER BY number DESC LIMIT 1
                    """, arguments: [baseModel])
        }
    }

    /// A part of the run's report, as JSON; `nil` where it has none of the name.
    package func document(run: String, name: String) throws -> String? {
        try read { db in
            try String.fetchOne(
                db, sql: "SELECT body FROM run_documents WHERE run = ? AND name = ?",
                arguments: [run, name])
        }
    }

    static func metricRecord(_ row: Row) -> MetricRecord {
        MetricRecord(
            number: row["number"], time: row["time"],
            point: MetricPoint(
                task: row["task"], name: row["name"], split: row["split"], epoch: row["epoch"],
                step: row["step"], value: row["value"] ?? .nan))
    }
}
