// What exporters of metrics remember: where they are, and what a run is called elsewhere.

import GRDB

/// A metric with the run that it belongs to.
package struct RunMetric: Sendable {
    package var run: String
    package var record: MetricRecord
}

extension Store {
    /// Metrics of all runs after a number, in the order in which they were first recorded.
    package func metrics(after number: Int64, limit: Int) throws -> [RunMetric] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM metrics WHERE number > ? ORDER BY number LIMIT ?",
                arguments: [number, max(limit, 0)]
            ).map { RunMetric(run: $0["run"], record: Self.metricRecord($0)) }
        }
    }

    /// The number of the newest metric; 0 without any.
    package func newestMetric() throws -> Int64 {
        try read { try Int64.fetchOne($0, sql: "SELECT max(number) FROM metrics") ?? 0 }
    }

    /// The number of the last metric that an exporter has passed on; `nil` for a new exporter.
    package func position(ofExporter name: String) throws -> Int64? {
        try read { db in
            try Int64.fetchOne(
                db, sql: "SELECT position FROM exporters WHERE name = ?", arguments: [name])
        }
    }

    package func setPosition(_ position: Int64, ofExporter name: String) throws {
        try write { db in
            try db.execute(
                sql: """
                    INSERT INTO exporters (name, position) VALUES (?, ?)
                    ON CONFLICT (name) DO UPDATE SET position = excluded.position
                    """, arguments: [name, position])
        }
    }

    /// What an exporter's other side calls a run; `nil` where it was not told of it.
    package func exportedID(of run: String, by exporter: String) throws -> String? {
        try read { db in
            try String.fetchOne(
                db, sql: "SELECT foreign_id FROM exported_runs WHERE exporter = ? AND run = ?",
                arguments: [exporter, run])
        }
    }

    package func setExportedID(_ id: String, of run: String, by exporter: String) throws {
        try write { db in
            try db.execute(
                sql: """
                    INSERT INTO exported_runs (exporter, run, foreign_id) VALUES (?, ?, ?)
                    ON CONFLICT (exporter, run) DO UPDATE SET foreign_id = excluded.foreign_id
                    """, arguments: [exporter, run, id])
        }
    }
}
