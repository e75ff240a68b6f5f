import JSON
import Spec
import Store
import Testing

@Suite("A run's way through the store")
struct RunTests {
    let folder = TemporaryFolder()
    let store: Store

    init() throws { store = try Store(folder: folder.path) }

    @Test("created, leased, checkpointed and finished, each with its event")
    func lifecycle() throws {
        let created = try store.makeRun()
        #expect(created.status == .queued)
        let leased = try #require(try store.leaseNextRun())
        #expect(leased.id == created.id)
        #expect(leased.fence == 1)
        #expect(leased.status == .running)
        #expect(try store.leaseNextRun() == nil)
        let checkpoint = try store.blob("checkpoint")
        #expect(try store.recordCheckpoint(created.id, fence: 1, sha256: checkpoint, step: 7))
        let newer = try store.blob("checkpoint 2")
        #expect(try store.recordCheckpoint(created.id, fence: 1, sha256: newer, step: 9))
        #expect(!store.blobs.contains(checkpoint))
        #expect(try store.run(created.id).checkpointStep == 9)
        let weights = try store.blob("weights")
        let model = try store.finishRun(
            created.id, fence: 1, weightsSHA256: weights, summary: ["tasks": []])
        #expect(try store.model("bot") == model)
        #expect(model?.baseSHA256 == (try store.model("base").baseSHA256))
        let run = try store.run(created.id)
        #expect(run.status == .succeeded)
        #expect(run.model == model?.id)
        #expect(run.checkpointSHA256 == nil)
        #expect(!store.blobs.contains(newer))
        #expect(
            try store.eventKinds(created.id)
                == ["created", "queued", "leased", "checkpoint", "checkpoint", "succeeded"])
    }

    @Test("a stale fence changes nothing")
    func staleFence() throws {
        let run = try store.leased()
        #expect(try store.releaseRun(run.id, fence: 1, reason: "died") == .queued)
        let again = try #require(try store.leaseNextRun())
        #expect(again.fence == 2)
        let events = try store.eventKinds(run.id)
        let blob = try store.blob("late")
        #expect(try !store.recordProgress(run.id, fence: 1, .make(step: 5)))
        #expect(try !store.recordMetrics(run.id, fence: 1, [.make()]))
        #expect(try !store.recordEvent(run.id, fence: 1, kind: "note", message: "x"))
        #expect(try !store.recordCheckpoint(run.id, fence: 1, sha256: blob, step: 5))
        #expect(
            try !store.endRun(
                run.id, fence: 1, status: .failed, errorCode: "x", errorMessage: nil))
        #expect(try store.finishRun(run.id, fence: 1, weightsSHA256: blob, summary: [:]) == nil)
        #expect(try store.releaseRun(run.id, fence: 1, reason: "late") == .running)
        #expect(try store.eventKinds(run.id) == events)
        #expect(try store.run(run.id).step == 0)
        #expect(try metrics(run.id).isEmpty)
        #expect(try store.recordProgress(run.id, fence: 2, .make(step: 5)))
        #expect(try store.run(run.id).step == 5)
    }

    @Test("three failures without a checkpoint in between are poison")
    func poisoned() throws {
        let run = try store.leased()
        #expect(try store.releaseRun(run.id, fence: 1, reason: "died") == .queued)
        _ = try store.leaseNextRun()
        #expect(try store.releaseRun(run.id, fence: 2, reason: "died") == .queued)
        _ = try store.leaseNextRun()
        let checkpoint = try store.blob("c")
        #expect(try store.recordCheckpoint(run.id, fence: 3, sha256: checkpoint, step: 1))
        for fence in 3...4 {
            #expect(try store.releaseRun(run.id, fence: fence, reason: "died") == .queued)
            _ = try store.leaseNextRun()
        }
        #expect(
            try store.releaseRun(run.id, fence: 5, reason: "drained", charged: false) == .queued)
        _ = try store.leaseNextRun()
        #expect(try store.releaseRun(run.id, fence: 6, reason: "died") == .failed)
        #expect(try store.run(run.id).errorCode == "poisoned")
        #expect(!store.blobs.contains(checkpoint))
        #expect(try store.leaseNextRun() == nil)
    }

    @Test("cancelling ends a queued run at once and a running one by its worker")
    func cancel() throws {
        let queued = try store.makeRun()
        #expect(try store.requestCancel(queued.id).status == .cancelled)
        #expect(throws: StoreError.self) { try store.requestCancel(queued.id) }
        let running = try store.leased()
        let flagged = try store.requestCancel(running.id)
        #expect(flagged.status == .running)
        #expect(flagged.cancelRequested)
        #expect(try store.releaseRun(running.id, fence: 1, reason: "died") == .cancelled)
        let other = try store.leased()
        _ = try store.requestCancel(other.id)
        #expect(try store.requeueInterruptedRuns().isEmpty)
        #expect(try store.run(other.id).status == .cancelled)
    }

    @Test("pausing takes a queued run out of the queue and a running one from its worker")
    func pause() throws {
        let queued = try store.makeRun()
        #expect(try store.requestPause(queued.id).status == .paused)
        #expect(try store.leaseNextRun() == nil)
        #expect(try store.resume(queued.id).status == .queued)
        #expect(try store.leaseNextRun()?.id == queued.id)
        #expect(try store.requestPause(queued.id).pauseRequested)
        #expect(try store.releaseRun(queued.id, fence: 1, reason: "died") == .paused)
        #expect(try !store.run(queued.id).pauseRequested)
        #expect(try store.eventKinds(queued.id).last == "paused")
        #expect(try store.requestCancel(queued.id).status == .cancelled)
        #expect(throws: StoreError.self) { try store.resume(queued.id) }
        #expect(throws: StoreError.self) { try store.requestPause(queued.id) }
    }

    @Test("a wish to pause outlives a restart, and is taken back by resuming or cancelling")
    func pauseRequested() throws {
        let paused = try store.leased()
        _ = try store.requestPause(paused.id)
        #expect(try store.requeueInterruptedRuns().isEmpty)
        #expect(try store.run(paused.id).status == .paused)
        let resumed = try store.leased()
        _ = try store.requestPause(resumed.id)
        #expect(try store.resume(resumed.id).status == .running)
        #expect(try store.requeueInterruptedRuns() == [resumed.id])
        _ = try store.leaseNextRun()
        _ = try store.requestPause(resumed.id)
        _ = try store.requestCancel(resumed.id)
        #expect(throws: StoreError.self) { try store.resume(resumed.id) }
        _ = try store.requeueInterruptedRuns()
        #expect(try store.run(resumed.id).status == .cancelled)
    }

    @Test("a restart requeues what was running, without charging a failure")
    func restart() throws {
        let run = try store.leased()
        #expect(try store.requeueInterruptedRuns() == [run.id])
        #expect(try store.run(run.id).failuresSinceCheckpoint == 0)
        #expect(try store.eventKinds(run.id).last == "requeued")
        #expect(try store.leaseNextRun()?.fence == 2)
    }

    @Test("a metric sent twice is one metric")
    func metricsOnce() throws {
        let run = try store.leased()
        _ = try store.recordMetrics(run.id, fence: 1, [.make(step: 1), .make(step: 2)])
        _ = try store.recordMetrics(run.id, fence: 1, [.make(step: 1, value: 3)])
        #expect(try metrics(run.id).map(\.value) == [3, 0.5])
        _ = try store.recordMetrics(run.id, fence: 1, [.make(step: 3, value: .nan)])
        #expect(try metrics(run.id).last?.value.isNaN == true)
        let page = try store.metrics(
            run: run.id, task: "t", name: "loss", split: "train", afterStep: 1, after: nil,
            limit: 1)
        #expect(page.items.map(\.point.step) == [2])
        #expect(page.hasMore)
    }

    private func metrics(_ run: String) throws -> [MetricPoint] {
        try store.metrics(
            run: run, task: nil, name: nil, split: nil, afterStep: nil, after: nil, limit: 100
        ).items.map(\.point)
    }
}

extension RunProgressRecord {
    static func make(step: Int) -> RunProgressRecord {
        RunProgressRecord(
            step: step, steps: 10, epoch: 1, tokensPerSecond: 2, etaSeconds: 3,
            trainingSeconds: 4, phase: "training")
    }
}

extension MetricPoint {
    static func make(step: Int = 1, value: Double = 0.5) -> MetricPoint {
        MetricPoint(task: "t", name: "loss", epoch: 1, step: step, value: value)
    }
}
