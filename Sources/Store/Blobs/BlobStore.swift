import Glibc

/// Content-addressed files: blobs/<first two hex>/<sha256>. A blob appears whole or not at all.
package struct BlobStore: Sendable {
    private let root: String
    /// Same file system as the blobs, for files about to be kept. Emptied when the store opens.
    package let scratch: String
    let write: FileSystem.Write

    init(folder: String, write: @escaping FileSystem.Write) throws {
        self.write = write
        root = "\(folder)/blobs"
        scratch = "\(folder)/scratch"
        try FileSystem.makeFolder(root)
        try FileSystem.makeFolder(scratch)
        try FileSystem.removeContents(of: scratch)
        try FileSystem.syncFolder(folder)
    }

    package func path(_ sha256: String) -> String { "\(root)/\(sha256.prefix(2))/\(sha256)" }

    package func contains(_ sha256: String) -> Bool {
        Self.isDigest(sha256) && FileSystem.exists(path(sha256))
    }

    /// In bytes; nil when it is not there.
    package func size(_ sha256: String) -> Int? {
        var status = stat()
        guard Self.isDigest(sha256), stat(path(sha256), &status) == 0 else { return nil }
        return Int(status.st_size)
    }

    static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// A new temp file to stream into.
    package func writer() throws -> BlobWriter { try BlobWriter(self) }

    /// Hashes, flushes and moves an existing file in (it must lie on the same file system, as
    /// `scratch` does); copies when `moving` is false.
    package func keep(file: String, moving: Bool) throws -> String {
        let descriptor = try FileSystem.retrying("opening a file to keep") {
            open(file, O_RDONLY | O_CLOEXEC)
        }
        defer { close(descriptor) }
        guard moving else {
            let writer = try writer()
            do {
                try FileSystem.read(descriptor) { try writer.write($0) }
                return try writer.keep()
            } catch {
                writer.discard()
                throw error
            }
        }
        var hasher = SHA256Hasher()
        try FileSystem.read(descriptor) { hasher.update($0) }
        let sha256 = hasher.hex()
        try FileSystem.sync(descriptor)
        try place(file, as: sha256)
        return sha256
    }

    /// Renames a flushed file to its address; the content is the same if it was there already.
    func place(_ file: String, as sha256: String) throws {
        let folder = "\(root)/\(sha256.prefix(2))"
        if !FileSystem.exists(folder) {
            try FileSystem.makeFolder(folder)
            try FileSystem.syncFolder(root)
        }
        _ = try FileSystem.retrying("keeping a file") { rename(file, path(sha256)) }
        try FileSystem.syncFolder(folder)
    }

    /// Of all that are there, in no order.
    func digests() throws -> [String] {
        try FileSystem.names(in: root).flatMap { try FileSystem.names(in: "\(root)/\($0)") }
            .filter(Self.isDigest)
    }

    /// Removes the file whether it is referenced or not; `Store` asks first.
    package func delete(_ sha256: String) {
        guard Self.isDigest(sha256) else { return }
        unlink(path(sha256))
    }
}
