import Datasets
import FoundationEssentials
import JSON
import Spec
import Store
import WorkerProtocol

@testable import Pool

/// A pool on a store in a temporary folder, with fake workers.
struct PoolFixture {
    let folder: String
    let store: Store
    let pool: Pool
    let launcher: FakeLauncher
    let reports = Seen<String>()

    static func make(
        train: FakeLauncher.Script? = nil, infer: FakeLauncher.Script? = nil,
        limits change: (inout PoolLimits) -> Void = { _ in }
    ) throws -> PoolFixture {
        let folder =
            FileManager.default.temporaryDirectory.path
            + "/pool-\(UInt64.random(in: 0...(.max)))"
        let store = try Store(folder: folder)
        var limits = PoolLimits()
        limits.restartSeconds = 0.01
        limits.restartSecondsMax = 0.05
        limits.scheduleSeconds = 0.05
        change(&limits)
        let launcher = FakeLauncher(train: train, infer: infer)
        return PoolFixture(folder: folder, store: store, launcher: launcher, limits: limits)
    }

    private init(folder: String, store: Store, launcher: FakeLauncher, limits: PoolLimits) {
        self.folder = folder
        self.store = store
        self.launcher = launcher
        let reports = reports
        pool = Pool(
            store: store,
            environment: PoolEnvironment(
                launcher: launcher, limits: limits, report: { reports.add($0) }))
    }

    func end() async {
        await pool.stop(seconds: 0.2)
        try? FileManager.default.removeItem(atPath: folder)
    }

    func keep(_ text: String) throws -> String {
        let writer = try store.blobs.writer()
        try writer.write(Array(text.utf8))
        return try writer.keep()
    }

    func model() throws -> ModelRecord {
        try store.createBaseModel(
            name: "base", sha256: try keep("base"), summary: ["architecture": "llama"])
    }

    /// A queued run of one classification task.
    func createRun(name: String = "support") throws -> RunRecord {
        _ = try model()
        let summary = DatasetSummary(
            format: "labelled", rows: 2, bytes: 4, columns: ["text", "label"],
            labels: ["no": 1, "yes": 1], textLength: [:], duplicates: 0)
        let dataset = try store.createDataset(
            name: "rows", sha256: try keep("rows \(name)"), summary: summary, idempotency: nil)
        let task = TaskSpec(name: "intent", kind: .classification, dataset: dataset.id)
        let spec = RunSpec(name: name, baseModel: "base", tasks: [task])
        return try store.createRun(spec, idempotency: nil)
    }

    /// A file in the job's scratch folder, as a worker leaves it.
    static func write(_ job: TrainJob, _ name: String, _ text: String) -> String {
        let path = "\(job.scratch)/\(name)"
        _ = FileManager.default.createFile(atPath: path, contents: Data(text.utf8))
        return path
    }
}

extension FakeWorker {
    /// Says ready, then the first training job; nil: the server hung up.
    func readyForJob() -> TrainJob? {
        ready()
        return nextJob()
    }

    func nextJob() -> TrainJob? {
        while let request = next() {
            if case .train(let job) = request { return job }
        }
        return nil
    }

    /// The next acknowledgement or directive of a run.
    func wait(until matches: (WorkerRequest) -> Bool) -> Bool {
        while let request = next() {
            if matches(request) { return true }
        }
        return false
    }

    func progress(_ job: TrainJob, fence: Int? = nil, step: Int) {
        send(
            .progress(
                run: job.run, fence: fence ?? job.fence,
                RunProgress(
                    step: step, steps: 10, epoch: 0, tokens: step, tokensPerSecond: 1,
                    etaSeconds: 1, trainingSeconds: 1, phase: "training")))
    }
}
