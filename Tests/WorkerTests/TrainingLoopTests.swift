import FoundationEssentials
import Spec
import Testing
import WorkerProtocol

@testable import Worker

@Suite(.serialized) struct TrainingLoopTests {
    static func job(_ worker: WorkerFixture, epochs: Int = 1, fence: Int = 1) throws -> TrainJob {
        let scratch = worker.folder + "/scratch-\(fence)"
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        let rows = (0..<40).map { index in
            "{\"text\":\"row \(index) \(index % 2 == 0 ? "good" : "bad")\","
                + "\"label\":\"\(index % 2)\"}\n"
        }
        let data = worker.folder + "/rows.jsonl"
        _ = FileManager.default.createFile(atPath: data, contents: Data(rows.joined().utf8))
        let task = TaskSpec(
            name: "sentiment", kind: .classification, dataset: "ds", validation: .fraction(0.2))
        let spec = RunSpec(
            name: "run", baseModel: "tiny", tasks: [task], epochs: epochs, batchTokens: 64,
            maxLength: 32, checkpointSeconds: 3600)
        return TrainJob(
            run: "run_1", fence: fence, spec: spec, base: worker.files,
            datasets: ["ds": BlobReference(sha256: "rows", path: data)], checkpoint: nil,
            scratch: scratch)
    }

    @Test("A run comes to its end: metrics before and after, progress, and a model that is there")
    func whole() async throws {
        let worker = try WorkerFixture.make(role: "train")
        let job = try Self.job(worker)
        let replies = try await worker.exchange([.train(job)]) { reply in
            if case .checkpoint = reply { return true }
            return reply.isFinal
        }
        var names: Set<String> = []
        for case .metrics(_, _, let points) in replies { names.formUnion(points.map(\.name)) }
        #expect(names.contains("loss") && names.contains("accuracy"))
        guard case .finished("run_1", 1, let path, _, let progress) = replies.last else {
            Issue.record("not finished: \(String(describing: replies.last))")
            return
        }
        #expect(progress.step == progress.steps)
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(path.hasPrefix(job.scratch + "/"))
    }

    @Test("A pause writes a checkpoint, waits until it is kept, and stops")
    func pause() async throws {
        let worker = try WorkerFixture.make(role: "train")
        let job = try Self.job(worker, epochs: 1000)
        let first = try await worker.exchange([
            .train(job), .directive(run: "run_1", fence: 1, .pause),
        ]) { reply in
            if case .checkpoint = reply { return true }
            return reply.isFinal
        }
        guard case .checkpoint("run_1", 1, let path, _) = first.last else {
            Issue.record("no checkpoint: \(String(describing: first.last))")
            return
        }
        let last = try await worker.exchange([.kept(run: "run_1", fence: 1, path: path)]) {
            $0.isFinal
        }
        guard case .stopped("run_1", 1, .pause) = last.last else {
            Issue.record("not stopped")
            return
        }
    }

    @Test("A cancellation of another fence is not heard, one of this fence is")
    func cancel() async throws {
        let worker = try WorkerFixture.make(role: "train")
        let job = try Self.job(worker, epochs: 1000, fence: 2)
        let replies = try await worker.exchange([
            .train(job), .directive(run: "run_1", fence: 1, .pause),
            .directive(run: "run_1", fence: 2, .cancel),
        ]) { $0.isFinal }
        guard case .stopped("run_1", 2, .cancel) = replies.last else {
            Issue.record("not cancelled: \(String(describing: replies.last))")
            return
        }
    }

    @Test("A run whose data is damaged fails with a reason, and the next one trains")
    func failed() async throws {
        let worker = try WorkerFixture.make(role: "train")
        var job = try Self.job(worker)
        job.datasets["ds"]?.path = worker.folder + "/tiny.gguf"
        let replies = try await worker.exchange([.train(job)]) { $0.isFinal }
        guard case .failed("run_1", 1, let failure) = replies.last else {
            Issue.record("trained")
            return
        }
        #expect(!failure.message.isEmpty)
    }
}
