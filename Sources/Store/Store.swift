// The service's memory: one SQLite file and content-addressed blobs. All methods are synchronous,
// thread-safe and block; what they returned survives kill -9 and power loss.

import Foundation
import GRDB

/// Data sets, runs, models and what happened to them. Knows no HTTP and no computing.
package final class Store: Sendable {
    package let folder: String
    package let blobs: BlobStore
    package let uploads: PartialUploads
    let database: DatabasePool
    private let lock: FolderLock

    /// Opens (creating) `folder`/polytask.sqlite and blobs/, runs migrations, deletes what an end
    /// without warning left: temp files, blobs and imports that no row names.
    /// - Throws: `StoreError`: `locked`, `newer_database`, `unwritable`, `corrupt`, `internal`.
    /// - Parameter write: how blobs are written; a test makes it fail.
    package init(
        folder: String, migrations: [Migration] = Migration.shipped,
        write: @escaping FileSystem.Write = FileSystem.write
    ) throws {
        self.folder = folder
        try FileSystem.makeFolder(folder)
        lock = try FolderLock(folder)
        blobs = try BlobStore(folder: folder, write: write)
        uploads = try PartialUploads(folder: folder, write: write)
        database = try Self.translating { try Self.open("\(folder)/polytask.sqlite") }
        let database = database
        try Self.translating { try Migrator(migrations: migrations).migrate(database) }
        try FileSystem.syncFolder(folder)
        try removeLeftovers()
    }

    private static func open(_ path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(10)
        let database = try DatabasePool(path: path, configuration: configuration)
        // The pool itself sets NORMAL, under which a power loss may undo the last commits.
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        return database
    }

    /// The database of a folder that a running server holds: nothing is migrated or cleaned.
    static func openBeside(folder: String) throws -> DatabasePool {
        try translating {
            let database = try open("\(folder)/polytask.sqlite")
            let schema = try database.read { db in
                try Int.fetchOne(db, sql: "SELECT count(*) FROM schema_migrations")
            }
            guard schema == Migration.shipped.count else {
                throw StoreError(
                    code: "conflict",
                    message: "the server that runs is of another version; use its own commands")
            }
            return database
        }
    }

    /// The database answers.
    package func ping() throws {
        _ = try read { try Int.fetchOne($0, sql: "SELECT count(*) FROM schema_migrations") }
    }

    func read<T>(_ body: (Database) throws -> T) throws -> T {
        try Self.translating { try database.read(body) }
    }

    /// One transaction on the only writer; rolled back when `body` throws.
    func write<T>(_ body: (Database) throws -> T) throws -> T {
        try Self.translating { try database.write(body) }
    }

    /// Removes those of the blobs that nothing refers to any more. Takes the writer, so that no
    /// row can come to refer to one meanwhile.
    package func deleteUnreferenced(_ blobs: [String?]) throws {
        let candidates = Set(blobs.compactMap(\.self))
        guard !candidates.isEmpty else { return }
        try write { db in
            for sha256 in candidates where try !Self.isReferenced(sha256, db) {
                self.blobs.delete(sha256)
            }
        }
    }

    private static func isReferenced(_ sha256: String, _ db: Database) throws -> Bool {
        try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM (\(referencedBlobs)) WHERE sha256 = ?)",
            arguments: [sha256]) ?? true
    }

    /// All that rows refer to; a blob that is not among them may go.
    static let referencedBlobs = """
        SELECT sha256 FROM datasets
        UNION ALL SELECT base_sha256 FROM models
        UNION ALL SELECT weights_sha256 FROM models WHERE weights_sha256 IS NOT NULL
        UNION ALL SELECT checkpoint_sha256 FROM runs WHERE checkpoint_sha256 IS NOT NULL
        """

    /// A row must not name a blob that is not there. Called inside the transaction that names it.
    func requireBlob(_ sha256: String) throws {
        guard blobs.contains(sha256) else {
            throw StoreError(
                code: "corrupt", message: "a record was to name a file that was not kept")
        }
    }

    static func translating<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw translated(error)
        } catch let error as DecodingError {
            throw StoreError(code: "corrupt", message: "a stored record is not readable: \(error)")
        }
    }

    private static func translated(_ error: DatabaseError) -> StoreError {
        let code = error.extendedResultCode.rawValue
        let reason = "\(error.message ?? "failed") (SQLite code \(code))"
        return switch error.resultCode {
        case .SQLITE_FULL:
            StoreError(
                code: "disk_full", message: "the database: \(reason); free some space")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            StoreError(
                code: "corrupt", message: "the database: \(reason); restore it from a backup")
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM:
            StoreError(
                code: "unwritable",
                message: "the database: \(reason); give this user the right to write there")
        default: StoreError(code: "internal", message: "the database: \(reason)")
        }
    }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<T: Decodable>(_ type: T.Type, _ text: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}
