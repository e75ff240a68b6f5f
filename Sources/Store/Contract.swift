// STUB CONTRACT, owner: state. All methods are synchronous and thread-safe (GRDB pool inside);
// callers hop off their reactor first (`Store` is called from API handlers through `await store.…`?
// No: synchronous; API wraps calls with its own blocking executor where needed).
package import Datasets
package import JSON
package import Spec

package struct StoreError: Error, Sendable { package var code: String; package var message: String   // not_found, conflict, idempotency_mismatch, idempotency_running, disk_full, corrupt
    package init(code: String, message: String) { self.code = code; self.message = message } }

package struct DatasetRecord: Sendable, Equatable { package var number: Int64; package var id: String; package var name: String; package var created: Double; package var sha256: String; package var summary: DatasetSummary }
package enum RunStatus: String, Codable, Sendable { case queued, running, paused, succeeded, failed, cancelled }
package struct RunRecord: Sendable {
    package var number: Int64; package var id: String; package var name: String; package var created: Double; package var updated: Double
    package var started: Double?; package var finished: Double?
    package var status: RunStatus; package var spec: RunSpec; package var fence: Int; package var cancelRequested: Bool
    package var failuresSinceCheckpoint: Int
    package var step: Int; package var steps: Int; package var epoch: Int; package var tokensPerSecond: Double; package var etaSeconds: Double?; package var trainingSeconds: Double; package var phase: String
    package var errorCode: String?; package var errorMessage: String?; package var model: String?
    package var checkpointSHA256: String?; package var checkpointStep: Int?
}
package struct ModelRecord: Sendable { package var number: Int64; package var id: String; package var name: String; package var created: Double; package var kind: String /* base | finetuned */
    package var baseSHA256: String; package var weightsSHA256: String?; package var run: String?; package var summary: JSON /* architecture, parameters, context_length, tasks:[HeadSpec as JSON] */ }
package struct EventRecord: Sendable { package var number: Int64; package var run: String; package var time: Double; package var kind: String; package var message: String }
package struct MetricRecord: Sendable { package var number: Int64; package var time: Double; package var point: MetricPoint }
package struct PageQuery: Sendable { package var limit: Int; package var after: String?; package var descending: Bool
    package init(limit: Int = 20, after: String? = nil, descending: Bool = false) { self.limit = limit; self.after = after; self.descending = descending } }
package struct Page<T: Sendable>: Sendable { package var items: [T]; package var hasMore: Bool }

/// An Idempotency-Key with a digest of the body and the answer to replay.
package struct IdempotencyKey: Sendable { package var key: String; package var route: String; package var bodySHA256: String
    package init(key: String, route: String, bodySHA256: String) { self.key = key; self.route = route; self.bodySHA256 = bodySHA256 } }

package final class Store: Sendable {
    package let folder: String
    /// Opens (creating) `folder`/polytask.sqlite and blobs/, runs migrations, deletes leftovers of temp files.
    package init(folder: String) throws { fatalError("stub") }
    package var blobs: BlobStore { fatalError("stub") }

    // Data sets. The blob must be kept already.
    package func createDataset(name: String, sha256: String, summary: DatasetSummary, idempotency: IdempotencyKey?) throws -> DatasetRecord { fatalError("stub") }
    package func dataset(_ id: String) throws -> DatasetRecord { fatalError("stub") }
    package func datasets(_ page: PageQuery) throws -> Page<DatasetRecord> { fatalError("stub") }
    /// 409 conflict while an unfinished run uses it.
    package func deleteDataset(_ id: String) throws { fatalError("stub") }

    // Idempotency: the id of the object the key made, if it did. Throws idempotency_mismatch.
    package func replay(_ key: IdempotencyKey) throws -> String? { fatalError("stub") }

    // Runs. Every state change and its event row are one transaction.
    package func createRun(_ spec: RunSpec, idempotency: IdempotencyKey?) throws -> RunRecord { fatalError("stub") }
    package func run(_ id: String) throws -> RunRecord { fatalError("stub") }
    package func runs(_ page: PageQuery) throws -> Page<RunRecord> { fatalError("stub") }
    package func requestCancel(_ id: String) throws -> RunRecord { fatalError("stub") }   // queued → cancelled at once; running → flag; ended → conflict
    /// The oldest queued run, leased: status running, fence + 1. nil when there is none.
    package func leaseNextRun() throws -> RunRecord? { fatalError("stub") }
    /// At start: runs left running go back to queued (event says so).
    package func requeueInterruptedRuns() throws -> [String] { fatalError("stub") }
    /// After the compute process died: back to queued, failures + 1; the third without a checkpoint in between → failed `poisoned`. Returns the new status.
    package func releaseRun(_ id: String, fence: Int, reason: String) throws -> RunStatus { fatalError("stub") }
    // Writes of a worker: ignored (return false) when the fence is stale.
    @discardableResult package func recordProgress(_ id: String, fence: Int, _ progress: RunProgressRecord) throws -> Bool { fatalError("stub") }
    @discardableResult package func recordMetrics(_ id: String, fence: Int, _ points: [MetricPoint]) throws -> Bool { fatalError("stub") }
    @discardableResult package func recordEvent(_ id: String, fence: Int, kind: String, message: String) throws -> Bool { fatalError("stub") }
    /// Sets the run's checkpoint (and deletes the blob of the one before). failures = 0.
    @discardableResult package func recordCheckpoint(_ id: String, fence: Int, sha256: String, step: Int) throws -> Bool { fatalError("stub") }
    /// Run succeeded + model row + alias of the run's name, one transaction; drops the checkpoint blob.
    package func finishRun(_ id: String, fence: Int, weightsSHA256: String, summary: JSON) throws -> ModelRecord? { fatalError("stub") }
    @discardableResult package func endRun(_ id: String, fence: Int, status: RunStatus, errorCode: String?, errorMessage: String?) throws -> Bool { fatalError("stub") }

    package func metrics(run: String, task: String?, name: String?, split: String?, afterStep: Int?, after: Int64?, limit: Int) throws -> Page<MetricRecord> { fatalError("stub") }
    package func events(run: String, after: Int64, limit: Int) throws -> [EventRecord] { fatalError("stub") }

    // Models and aliases.
    package func createBaseModel(name: String, sha256: String, summary: JSON) throws -> ModelRecord { fatalError("stub") }  // also sets the alias `name`; same name+sha: returns the existing
    package func model(_ idOrAlias: String) throws -> ModelRecord { fatalError("stub") }
    package func models(_ page: PageQuery) throws -> Page<ModelRecord> { fatalError("stub") }
    package func setAlias(_ name: String, model: String) throws { fatalError("stub") }
    package func ping() throws { fatalError("stub") }
}
package struct RunProgressRecord: Sendable { package var step: Int; package var steps: Int; package var epoch: Int; package var tokensPerSecond: Double; package var etaSeconds: Double; package var trainingSeconds: Double; package var phase: String
    package init(step: Int, steps: Int, epoch: Int, tokensPerSecond: Double, etaSeconds: Double, trainingSeconds: Double, phase: String) { self.step = step; self.steps = steps; self.epoch = epoch; self.tokensPerSecond = tokensPerSecond; self.etaSeconds = etaSeconds; self.trainingSeconds = trainingSeconds; self.phase = phase } }

/// Content-addressed files: blobs/<first two hex>/<sha256>.
package struct BlobStore: Sendable {
    /// Same file system as the blobs, for files about to be kept.
    package var scratch: String { fatalError("stub") }
    package func path(_ sha256: String) -> String { fatalError("stub") }
    package func contains(_ sha256: String) -> Bool { fatalError("stub") }
    /// A new temp file to stream into.
    package func writer() throws -> BlobWriter { fatalError("stub") }
    /// Hashes, fsyncs and moves an existing file in (same file system); copies when `moving` is false.
    package func keep(file: String, moving: Bool) throws -> String { fatalError("stub") }
    package func delete(_ sha256: String) { fatalError("stub") }
}
package final class BlobWriter {
    package func write(_ bytes: [UInt8]) throws { fatalError("stub") }
    package var count: Int { fatalError("stub") }
    /// fsync, rename, fsync folder; the digest.
    package func keep() throws -> String { fatalError("stub") }
    package func discard() { fatalError("stub") }
}
/// SHA-256 through OpenSSL's EVP, lower-case hex.
package struct SHA256Hasher: ~Copyable {
    package init() { fatalError("stub") }
    package mutating func update(_ bytes: UnsafeRawBufferPointer) { fatalError("stub") }
    package consuming func hex() -> String { fatalError("stub") }
}
