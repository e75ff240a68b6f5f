// Uploads that come in several requests. A folder each, with what was said at the start and the
// bytes so far; there is no row of them, because the file's own length is the truth after a crash.
import Foundation
import Glibc

/// Thread-safe but for one upload written by two at once, which the caller prevents.
package struct PartialUploads: Sendable {
    private let folder: String
    private let write: FileSystem.Write
    private static let prefix = "up_"

    /// Opens `folder`/uploads and removes what a crash left half made there.
    package init(
        folder: String, write: @escaping FileSystem.Write = FileSystem.write
    ) throws {
        self.folder = "\(folder)/uploads"
        self.write = write
        try FileSystem.makeFolder(self.folder)
        for name in try FileSystem.names(in: self.folder) where name.hasSuffix(".new") {
            try FileSystem.removeFolder("\(self.folder)/\(name)")
        }
    }

    /// Begins one; its id. What it returned survives power loss.
    ///
    /// Uploads that began before `expiry` are removed first.
    /// - Throws: `conflict` when there are `countMax` already.
    package func begin(
        _ record: UploadRecord, countMax: Int, expiry: Double
    ) throws -> String {
        let names = try FileSystem.names(in: folder)
        for id in names where try isExpired(id, expiry) { try remove(id) }
        guard try FileSystem.names(in: folder).count < countMax else {
            throw StoreError(
                code: "conflict",
                message: "\(countMax) uploads are under way, as many as may be: complete or "
                    + "delete one")
        }
        let id = try Identifier.make(Self.prefix)
        let fresh = "\(folder)/\(id).new"
        try FileSystem.makeFolder(fresh)
        try put(Array(try JSONEncoder().encode(record)), "\(fresh)/about.json")
        try put([], "\(fresh)/rows")
        try FileSystem.syncFolder(fresh)
        _ = try FileSystem.retrying("beginning an upload") { rename(fresh, "\(folder)/\(id)") }
        try FileSystem.syncFolder(folder)
        return id
    }

    /// What was said at the start, and how many bytes are there.
    /// - Throws: `not_found`.
    package func find(_ id: String) throws -> (record: UploadRecord, count: Int) {
        let path = try path(id)
        guard let about = FileManager.default.contents(atPath: "\(path)/about.json"),
            let record = try? JSONDecoder().decode(UploadRecord.self, from: about)
        else { throw Self.notFound }
        var status = stat()
        guard stat("\(path)/rows", &status) == 0 else { throw Self.notFound }
        return (record, Int(status.st_size))
    }

    /// Opens it to append.
    package func writer(_ id: String) throws -> PartialWriter {
        try PartialWriter(open(id, O_WRONLY | O_APPEND), write: write)
    }

    /// Opens it to read from the start.
    package func reader(_ id: String) throws -> PartialReader {
        try PartialReader(open(id, O_RDONLY))
    }

    /// Removes it; nothing when it is gone already.
    package func remove(_ id: String) throws {
        let path = try path(id)
        let gone = "\(path).new"
        // Renamed first, so that a crash leaves all of it or nothing.
        guard rename(path, gone) == 0 else { return }
        try FileSystem.removeFolder(gone)
        try FileSystem.syncFolder(folder)
    }

    private func isExpired(_ id: String, _ expiry: Double) throws -> Bool {
        guard let found = try? find(id) else { return false }
        return found.record.created < expiry
    }

    private func put(_ bytes: [UInt8], _ path: String) throws {
        let descriptor = try FileSystem.retrying("making a file") {
            Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        }
        defer { close(descriptor) }
        try bytes.withUnsafeBytes { try FileSystem.writeAll(descriptor, $0, by: write) }
        try FileSystem.sync(descriptor)
    }

    private func open(_ id: String, _ flags: Int32) throws -> Int32 {
        let path = try path(id)
        let descriptor = Glibc.open("\(path)/rows", flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.notFound }
        return descriptor
    }

    /// Only an id that `begin` can have made becomes a path.
    private func path(_ id: String) throws -> String {
        let rest = id.dropFirst(Self.prefix.count)
        guard id.hasPrefix(Self.prefix), rest.utf8.count == 20,
            rest.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) })
        else { throw Self.notFound }
        return "\(folder)/\(id)"
    }

    private static let notFound = StoreError(
        code: "not_found", message: "there is no upload of this id; it may have been completed")
}

/// What is said when an upload begins.
package struct UploadRecord: Codable, Sendable {
    /// Of the data set to be.
    package var name: String
    /// The media type of the rows.
    package var contentType: String
    package var isCompressed: Bool
    /// Seconds since 1970.
    package var created: Double

    package init(name: String, contentType: String, isCompressed: Bool) {
        self.name = name
        self.contentType = contentType
        self.isCompressed = isCompressed
        created = Clock.now()
    }
}
