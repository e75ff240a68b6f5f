import Datasets
import Store

/// The rows of one upload on their way into the store.
// @unchecked because one request uses it, one call after the other, each awaited.
final class DatasetUpload: @unchecked Sendable {
    private let writer: BlobWriter
    private let name: String
    private let format: UploadFormat
    private var validator: UploadValidator
    private var digest: SHA256Hasher? = SHA256Hasher()
    private var isWriterOpen = true
    /// Where the rows come compressed.
    private let decoder: GzipDecoder?

    init(_ writer: BlobWriter, format: UploadFormat, name: String, decoder: GzipDecoder? = nil) {
        self.decoder = decoder
        self.writer = writer
        self.name = name
        self.format = format
        validator = UploadValidator(format)
    }

    func accept(_ bytes: [UInt8]) throws {
        bytes.withUnsafeBytes { digest?.update($0) }
        if let decoder { try decoder.feed(bytes, store) } else { try store(bytes) }
    }

    private func store(_ bytes: [UInt8]) throws {
        let rows = validator.feed(bytes)
        if !rows.isEmpty { try writer.write(rows) }
    }

    /// Stores the data set, or finds the one that the same request with this key made.
    /// - Throws: `ValidationFailure`, `StoreError`.
    func complete(_ store: Store, key: String?) throws -> DatasetRecord {
        try complete(store, once: key.map { key in idempotencyKey(key) })
    }

    /// As above, with a key of the caller's making.
    func complete(_ store: Store, once key: IdempotencyKey?) throws -> DatasetRecord {
        if let key, let id = try store.replay(key) {
            discard()
            return try store.dataset(id)
        }
        try decoder?.finish()
        let (rest, result) = validator.finish()
        let summary = try result.get()
        guard summary.rows > 0 else {
            throw APIError(.invalidData, "the upload holds no rows; nothing was stored")
        }
        if !rest.isEmpty { try writer.write(rest) }
        isWriterOpen = false
        let sha256 = try writer.keep()
        return try store.createDataset(
            name: name, sha256: sha256, summary: summary, idempotency: key)
    }

    /// Removes the unfinished file; harmless once it is kept.
    func discard() {
        guard isWriterOpen else { return }
        isWriterOpen = false
        writer.discard()
    }

    /// The digest covers name and format too: the same rows under another name are another request.
    private func idempotencyKey(_ key: String) -> IdempotencyKey {
        let hasher = digest.take()
        let body = hasher?.hex() ?? ""
        return IdempotencyKey(
            key: key, route: "POST /v1/datasets",
            bodySHA256: SHA256.hex("\(name)\n\(format.rawValue)\n\(body)".utf8))
    }
}
