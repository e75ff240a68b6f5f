import GRDB

/// Brings a database to the newest schema, each file in a transaction of its own, and refuses one
/// that is newer than the binary or was migrated by other files.
struct Migrator {
    let migrations: [Migration]

    func migrate(_ database: DatabasePool) throws {
        try database.write { db in
            try db.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS schema_migrations (
                        number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL,
                        applied REAL NOT NULL)
                    """)
        }
        let applied = try database.read { db in
            try Row.fetchAll(
                db, sql: "SELECT number, name, sha256 FROM schema_migrations ORDER BY number")
        }
        guard applied.count <= migrations.count else {
            throw StoreError(
                code: "newer_database",
                message: "the database has schema \(applied.count), this version knows "
                    + "\(migrations.count); use a newer version")
        }
        for (row, migration) in zip(applied, migrations) {
            guard row["number"] == migration.number, row["sha256"] == migration.sha256 else {
                throw StoreError(
                    code: "corrupt",
                    message: "migration \(migration.number) of the database is not this version's; "
                        + "it was made by a development build")
            }
        }
        for migration in migrations.dropFirst(applied.count) {
            try database.write { db in
                try db.execute(sql: migration.sql)
                try db.execute(
                    sql: "INSERT INTO schema_migrations VALUES (?, ?, ?, ?)",
                    arguments: [migration.number, migration.name, migration.sha256, Clock.now()])
            }
        }
    }
}
