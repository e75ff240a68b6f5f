import Datasets
import Foundation
import JSON
import Spec
import Store

/// A data folder that goes with the value.
final class TemporaryFolder {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.path + "/store-\(UUID().uuidString)"
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The folder as a crash would leave it: copied while the store is open.
    func crashed() throws -> TemporaryFolder {
        let copy = TemporaryFolder()
        try FileManager.default.copyItem(atPath: path, toPath: copy.path)
        return copy
    }
}

extension Store {
    func blob(_ text: String) throws -> String {
        let writer = try blobs.writer()
        try writer.write(Array(text.utf8))
        return try writer.keep()
    }

    func makeDataset(_ text: String = "rows", key: IdempotencyKey? = nil) throws -> DatasetRecord {
        try createDataset(
            name: "reviews", sha256: try blob(text), summary: .make(), idempotency: key)
    }

    /// A queued run on a new data set and base model.
    func makeRun(name: String = "bot", key: IdempotencyKey? = nil) throws -> RunRecord {
        _ = try createBaseModel(name: "base", sha256: try blob("base"), summary: ["layers": 2])
        let dataset = try makeDataset()
        let spec = RunSpec(
            name: name, baseModel: "base",
            tasks: [TaskSpec(name: "t", kind: .classification, dataset: dataset.id)])
        return try createRun(spec, idempotency: key)
    }

    func leased() throws -> RunRecord {
        _ = try makeRun()
        guard let run = try leaseNextRun() else {
            throw StoreError(code: "not_found", message: "no run to lease")
        }
        return run
    }

    func eventKinds(_ run: String) throws -> [String] {
        try events(run: run, after: 0, limit: 100).map(\.kind)
    }
}

extension DatasetSummary {
    static func make() -> DatasetSummary {
        DatasetSummary(
            format: "labelled", rows: 1, bytes: 4, columns: ["text", "label"],
            labels: ["x": 1], textLength: ["min": 1], duplicates: 0)
    }
}
