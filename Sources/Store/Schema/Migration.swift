import CEmbedded

/// One numbered SQL file of `migrations/`, immutable once shipped.
package struct Migration: Sendable, Equatable {
    /// Its number is its position, from 1; the file's name starts with it.
    package var number: Int
    package var name: String
    package var sql: String
    package var sha256: String

    package init(number: Int, name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
        var sql = sql
        sha256 = sql.withUTF8 { SHA256Hasher.hex(of: UnsafeRawBufferPointer($0)) }
    }

    /// The migrations built into this binary.
    package static var shipped: [Migration] {
        (0..<embedded_migration_count()).map { index in
            let file = embedded_migration(index)
            let bytes = UnsafeBufferPointer(start: file.bytes, count: file.length)
            return Migration(
                number: index + 1, name: String(cString: file.name),
                sql: String(decoding: bytes, as: UTF8.self))
        }
    }
}
