import GRDB
import Glibc

/// What the store holds, for those who watch it.
package struct StoreFigures: Sendable {
    /// Every status is there.
    package var runs: [RunStatus: Int]
    package var datasets: Int
    package var models: Int
    /// Of the runs that train now, together.
    package var trainingTokensPerSecond: Double
    /// SQLite's file, without its log.
    package var databaseBytes: Int
    /// Of the file system under the data folder, for this user; nil where it does not tell.
    package var freeBytes: Double?
}

extension Store {
    package func figures() throws -> StoreFigures {
        var runs = Dictionary(uniqueKeysWithValues: RunStatus.allCases.map { ($0, 0) })
        var status = statvfs()
        let isKnown = statvfs(folder, &status) == 0
        return try read { db in
            for row in try Row.fetchAll(db, sql: "SELECT status, count(*) FROM runs GROUP BY 1") {
                if let status = RunStatus(rawValue: row[0]) { runs[status] = row[1] }
            }
            let bytes = try Int.fetchOne(
                db, sql: "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
            return StoreFigures(
                runs: runs,
                datasets: try Int.fetchOne(db, sql: "SELECT count(*) FROM datasets") ?? 0,
                models: try Int.fetchOne(db, sql: "SELECT count(*) FROM models") ?? 0,
                trainingTokensPerSecond: try Double.fetchOne(
                    db,
                    sql: "SELECT sum(tokens_per_second) FROM runs WHERE status = 'running'") ?? 0,
                databaseBytes: bytes ?? 0,
                freeBytes: isKnown ? Double(status.f_bavail) * Double(status.f_frsize) : nil)
        }
    }
}
