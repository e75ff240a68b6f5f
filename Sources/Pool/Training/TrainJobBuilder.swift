import FoundationEssentials
import Glibc
import Spec
package import Store
package import WorkerProtocol

/// Turns a leased run into what the worker needs: paths instead of ids.
struct TrainJobBuilder: Sendable {
    let store: Store

    /// Files that a worker writes for one lease; nothing outside is ever taken from it.
    func scratch(_ lease: TrainingSlot.Lease) -> String {
        "\(store.blobs.scratch)/run-\(lease.run)-\(lease.fence)"
    }

    /// - Throws: `StoreError` when the model or a data set is gone.
    func job(_ run: RunRecord) throws -> TrainJob {
        let model = try store.model(run.spec.baseModel)
        var datasets: [String: BlobReference] = [:]
        for id in run.spec.tasks.flatMap(Self.datasets) where datasets[id] == nil {
            datasets[id] = store.blob(try store.dataset(id).sha256)
        }
        let folder = scratch(TrainingSlot.Lease(run: run.id, fence: run.fence))
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        return TrainJob(
            run: run.id, fence: run.fence, spec: run.spec, base: store.files(of: model),
            datasets: datasets, checkpoint: run.checkpointSHA256.map(store.blob), scratch: folder)
    }

    private static func datasets(_ task: TaskSpec) -> [String] {
        var ids = [task.dataset]
        if case .dataset(let id) = task.validation { ids.append(id) }
        if let test = task.test { ids.append(test) }
        return ids
    }

    func removeScratch(_ lease: TrainingSlot.Lease) {
        try? FileManager.default.removeItem(atPath: scratch(lease))
    }

    /// At start no lease is alive: what is left over belongs to nobody.
    func removeAllScratch() {
        let files = FileManager.default
        let folder = store.blobs.scratch
        for name in (try? files.contentsOfDirectory(atPath: folder)) ?? []
        where name.hasPrefix("run-") {
            try? files.removeItem(atPath: "\(folder)/\(name)")
        }
    }
}

extension Store {
    func blob(_ sha256: String) -> BlobReference {
        BlobReference(sha256: sha256, path: blobs.path(sha256))
    }

    /// What a worker needs to load a model.
    package func files(of model: ModelRecord) -> ModelFiles {
        ModelFiles(base: blob(model.baseSHA256), weights: model.weightsSHA256.map(blob))
    }
}
