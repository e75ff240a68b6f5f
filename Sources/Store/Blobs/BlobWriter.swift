import Glibc

/// Streams one blob into a temp file. Not Sendable: one owner writes, then keeps or discards.
package final class BlobWriter {
    private let blobs: BlobStore
    private let file: String
    private var descriptor: Int32
    private var hasher: SHA256Hasher?
    /// Bytes written so far.
    package private(set) var count = 0

    init(_ blobs: BlobStore) throws {
        self.blobs = blobs
        let file = "\(blobs.scratch)/\(try Identifier.make("blob_"))"
        self.file = file
        descriptor = try FileSystem.retrying("making a file") {
            open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        }
        hasher = SHA256Hasher()
    }

    deinit { discard() }

    package func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }

    /// - Throws: `disk_full` and others; the temp file is then gone and the writer unusable.
    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard descriptor >= 0 else { throw Self.closed }
        do {
            try FileSystem.writeAll(descriptor, bytes, by: blobs.write)
        } catch {
            discard()
            throw error
        }
        hasher?.update(bytes)
        count += bytes.count
    }

    /// Flushes, renames, flushes the folder; the digest. What it returned survives power loss.
    package func keep() throws -> String {
        guard descriptor >= 0, let hasher = hasher.take() else { throw Self.closed }
        do {
            let sha256 = hasher.hex()
            try FileSystem.sync(descriptor)
            try blobs.place(file, as: sha256)
            close(descriptor)
            descriptor = -1
            return sha256
        } catch {
            discard()
            throw error
        }
    }

    /// Removes the temp file; nothing once kept or discarded.
    package func discard() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        unlink(file)
    }

    private static let closed = StoreError(
        code: "internal", message: "a blob was written to after it was kept or discarded")
}
