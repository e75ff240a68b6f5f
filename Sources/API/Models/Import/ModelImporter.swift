import Foundation
import HTTP
import JSON
import Pool
import Store
import Synchronization
import WorkerProtocol

/// Does the imports that requests asked for, one after the other, the oldest first. Downloads wait
/// on a thread of their own; what is parsed or computed is done by a process of its own. What the
/// store says of an import is enough to go on with it after the end of any process.
final class ModelImporter: Sendable {
    /// At most so often is progress written down.
    private static let reportSeconds = 1.0

    private let downloads = BlockingExecutor(threads: 1, waitingMax: 4)
    private let calls: AsyncStream<Void>
    private let call: AsyncStream<Void>.Continuation
    private let isStopping = Atomic<Bool>(false)

    init() {
        (calls, call) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        call.yield()
    }

    /// An import was added or deleted.
    func wake() { call.yield() }

    /// Works until the task is cancelled. Once.
    func run(_ api: API) async {
        await withTaskCancellationHandler {
            for await _ in calls {
                while !Task.isCancelled, let next = try? await api.stored({ try $0.nextImport() }),
                    await perform(next, api)
                {}
            }
        } onCancel: {
            isStopping.store(true, ordering: .relaxed)
            call.finish()
        }
    }

    /// - Returns: false when the store does not take how it ended: not to be tried again at once.
    private func perform(_ record: ImportRecord, _ api: API) async -> Bool {
        let folder = api.store.importFolder(record.id)
        do {
            try await downloads.run {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true)
                // What an earlier process made of the files, if it got that far.
                try? FileManager.default.removeItem(atPath: "\(folder)/work")
            }
            try await bring(record, folder, api)
        } catch is CancellationError {
            // The server stops and will go on, or the import was deleted.
            guard (try? await api.stored { try $0.findImport(record.id) }) == .some(nil) else {
                return false
            }
        } catch {
            let problem = Problem(error)
            let isNoted: Void? = try? await api.stored {
                try $0.failImport(record.id, code: problem.code, message: problem.message)
            }
            if isNoted == nil { return false }
        }
        await remove(folder)
        return true
    }

    private func bring(_ record: ImportRecord, _ folder: String, _ api: API) async throws {
        var path = "\(folder)/files"
        var source = record.source.object ?? [:]
        var license = source["license"]?.string
        source["license"] = nil
        switch try ImportSource(stored: record.source) {
        case .path(let given):
            path = given
            source["path"] = .string(URL(fileURLWithPath: given).lastPathComponent)
        case .hub(let repository):
            let listing = try await download(repository, record, to: path, api)
            source["revision"] = .string(listing.commit)
            license = license ?? listing.license
            if listing.files.count == 1 { path += "/\(listing.files[0])" }
        case .scratch(let scratch):
            try await api.report(record, "making")
            await remove(path)
            let data = try await api.stored { store in
                BlobReference(
                    sha256: "", path: store.blobs.path(try store.dataset(scratch.dataset).sha256))
            }
            _ = try await api.compute.work(
                .create(
                    NewModelJob(
                        configuration: scratch.configuration.text, dataset: data,
                        vocabulary: scratch.vocabulary, seed: UInt64(scratch.seed),
                        folder: path)))
        }
        try await api.report(record, "checking")
        let (origin, stated) = (source, license)
        try await api.take(path, scratch: folder) { store, sha256, taken in
            let summary = taken.summary(source: .object(origin), license: stated)
            guard try store.finishImport(record.id, sha256: sha256, summary: summary) != nil else {
                throw CancellationError()
            }
        }
    }

    private func remove(_ path: String) async {
        try? await downloads.run { try FileManager.default.removeItem(atPath: path) }
    }

    private func download(
        _ repository: HubRepository, _ record: ImportRecord, to folder: String, _ api: API
    ) async throws -> HubRepository.Listing {
        guard let base = api.sources.hub else {
            throw APIError(.forbidden, "there is no hub any more: start the server with --hub URL")
        }
        let hub = HubDownload(
            base: base, token: api.sources.hubToken, pauseSeconds: api.sources.hubPauseSeconds,
            bytesMax: api.limits.modelBytesMax)
        let store = api.store
        return try await downloads.run { [self] in
            try fetch(repository, record, from: hub, to: folder, store)
        }
    }

    /// Waits; on the thread of downloads.
    private func fetch(
        _ repository: HubRepository, _ record: ImportRecord, from hub: HubDownload,
        to folder: String, _ store: Store
    ) throws -> HubRepository.Listing {
        let listing = try hub.listing(repository)
        let files = try listing.files.map { name in
            try check()
            return (name: name, facts: try hub.facts(repository, listing.commit, name))
        }
        let total = files.reduce(0) { $0 + $1.facts.bytes }
        guard total <= hub.bytesMax else {
            throw HubRepository.refusal("the model has \(total) bytes, allowed are \(hub.bytesMax)")
        }
        try FileManager.default.createDirectory(
            atPath: "\(folder)/1_Pooling", withIntermediateDirectories: true)
        var (before, reported) = (0, 0.0)
        for (name, facts) in files {
            try hub.fetch(repository, listing.commit, name, facts, to: "\(folder)/\(name)") {
                have in
                try check()
                let now = MonotonicClock.seconds()
                guard now - reported >= Self.reportSeconds || before + have == total else { return }
                reported = now
                guard
                    try store.recordImport(
                        record.id, phase: "downloading", done: before + have, total: total)
                else { throw CancellationError() }
            }
            before += facts.bytes
        }
        return listing
    }

    private func check() throws {
        if isStopping.load(ordering: .relaxed) { throw CancellationError() }
    }
}

extension API {
    /// - Throws: `CancellationError` when the import was deleted.
    fileprivate func report(_ record: ImportRecord, _ phase: String) async throws {
        let goesOn = try await stored { store in
            try store.recordImport(record.id, phase: phase, done: 0, total: 0)
        }
        guard goesOn else { throw CancellationError() }
    }

    /// Does imports until the task is cancelled, beginning with those that an earlier process left.
    package func runImports() async { await importer.run(self) }
}

extension ImportRecord {
    /// The model object of a model that is not there yet, or will not be.
    var json: JSON {
        let error: JSON =
            errorCode.map { ["code": .string($0), "message": .optional(errorMessage)] } ?? nil
        var source = source.object ?? [:]
        source["path"] = source["path"]?.string.map {
            .string(URL(fileURLWithPath: $0).lastPathComponent)
        }
        return [
            "id": .string(id), "object": "model", "name": .string(name),
            "created": .seconds(created), "owned_by": "polytask", "kind": "base",
            "status": .string(status.rawValue), "phase": .string(phase),
            "bytes_done": .count(bytesDone),
            "bytes_total": bytesTotal > 0 ? .count(bytesTotal) : .null, "error": error,
            "source": .object(source), "tasks": [],
        ]
    }
}
