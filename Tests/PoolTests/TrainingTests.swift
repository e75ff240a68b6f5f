import JSON
import Pool
import Spec
import Store
import Testing
import WorkerProtocol

@Suite struct TrainingTests {
    func status(
        _ fixture: PoolFixture, _ run: RunRecord, is status: RunStatus
    ) async throws -> Bool {
        try await eventually { try fixture.store.run(run.id).status == status }
    }

    @Test("A queued run is trained: progress, metrics, checkpoint, model")
    func whole() async throws {
        let fixture = try PoolFixture.make(train: { worker in
            guard let job = worker.readyForJob() else { return }
            worker.progress(job, step: 5)
            worker.send(
                .metrics(
                    run: job.run, fence: job.fence,
                    [MetricPoint(task: "intent", name: "loss", epoch: 0, step: 5, value: 0.5)]))
            let checkpoint = PoolFixture.write(job, "c", "checkpoint")
            worker.send(.checkpoint(run: job.run, fence: job.fence, path: checkpoint, step: 5))
            _ = worker.wait { if case .kept(_, _, checkpoint) = $0 { true } else { false } }
            let path = PoolFixture.write(job, "m", "weights")
            let progress = RunProgress(
                step: 10, steps: 10, epoch: 1, tokens: 1, tokensPerSecond: 1, etaSeconds: 0,
                trainingSeconds: 2, phase: "saving")
            worker.send(
                .finished(run: job.run, fence: job.fence, path: path, parameters: 7, progress))
            worker.idle()
        })
        let run = try fixture.createRun()
        try await fixture.pool.start()
        #expect(try await status(fixture, run, is: .succeeded))
        let done = try fixture.store.run(run.id)
        #expect(done.step == 10)
        let model = try fixture.store.model("support")
        #expect(fixture.store.blobs.contains(model.weightsSHA256 ?? ""))
        #expect(model.summary["architecture"]?.string == "llama")
        #expect(model.summary["parameters"]?.integer == 7)
        #expect(model.summary["tasks"]?.array?.first?["labels"]?.array == ["no", "yes"])
        let metrics = try fixture.store.metrics(
            run: run.id, task: nil, name: nil, split: nil, afterStep: nil, after: nil, limit: 10)
        #expect(metrics.items.map(\.point.value) == [0.5])
        await fixture.end()
    }

    @Test("A worker that dies: the run goes on from its checkpoint under a larger fence")
    func resumed() async throws {
        let jobs = Seen<TrainJob>()
        let fixture = try PoolFixture.make(train: { worker in
            guard let job = worker.readyForJob() else { return }
            jobs.add(job)
            guard worker.launch == 1 else { return worker.idle() }
            let path = PoolFixture.write(job, "c", "checkpoint")
            worker.send(.checkpoint(run: job.run, fence: job.fence, path: path, step: 5))
            _ = worker.wait { if case .kept = $0 { true } else { false } }
        })
        let run = try fixture.createRun()
        try await fixture.pool.start()
        #expect(try await eventually { jobs.all.count == 2 })
        try #require(jobs.all.count == 2)
        #expect(jobs.all[0].run == run.id)
        #expect(jobs.all[0].checkpoint == nil)
        #expect(jobs.all[0].base.weights == nil)
        #expect(jobs.all[0].datasets.count == 1)
        #expect(jobs.all[1].run == run.id)
        #expect(jobs.all[1].fence > jobs.all[0].fence)
        let checkpoint = try #require(jobs.all[1].checkpoint)
        #expect(fixture.store.blobs.contains(checkpoint.sha256))
        #expect(try fixture.store.run(run.id).checkpointStep == 5)
        await fixture.end()
    }

    @Test("A run that kills its worker three times without progress is poisoned; the next one runs")
    func poisoned() async throws {
        let jobs = Seen<String>()
        let fixture = try PoolFixture.make(train: { worker in
            guard let job = worker.readyForJob() else { return }
            jobs.add(job.run)
            if worker.launch > 3 { worker.idle() }
        })
        let run = try fixture.createRun(name: "bad")
        let next = try fixture.createRun(name: "good")
        try await fixture.pool.start()
        #expect(try await status(fixture, run, is: .failed))
        #expect(try fixture.store.run(run.id).errorCode == "poisoned")
        #expect(try await eventually { jobs.all.last == next.id })
        #expect(jobs.all == [run.id, run.id, run.id, next.id])
        await fixture.end()
    }

    @Test("What carries a stale fence leaves no trace")
    func stale() async throws {
        let done = Seen<Bool>()
        let fixture = try PoolFixture.make(train: { worker in
            guard let job = worker.readyForJob() else { return }
            let old = PoolFixture.write(job, "old", "old")
            worker.progress(job, fence: job.fence - 1, step: 9)
            worker.send(.checkpoint(run: job.run, fence: job.fence - 1, path: old, step: 9))
            worker.send(.stopped(run: job.run, fence: job.fence - 1, .cancel))
            worker.progress(job, step: 2)
            done.add(true)
            worker.idle()
        })
        let run = try fixture.createRun()
        try await fixture.pool.start()
        #expect(try await eventually { try fixture.store.run(run.id).step == 2 })
        let record = try fixture.store.run(run.id)
        #expect(record.status == .running)
        #expect(record.checkpointStep == nil)
        await fixture.end()
    }

    @Test("A cancellation reaches the worker and ends the run as cancelled")
    func cancelled() async throws {
        let fixture = try PoolFixture.make(
            train: { worker in
                guard let job = worker.readyForJob() else { return }
                worker.progress(job, step: 1)
                let told = worker.wait {
                    if case .directive(job.run, job.fence, .cancel) = $0 { true } else { false }
                }
                if told { worker.send(.stopped(run: job.run, fence: job.fence, .cancel)) }
                worker.idle()
            }, limits: { $0.scheduleSeconds = 60 })
        let run = try fixture.createRun()
        try await fixture.pool.start()
        #expect(try await eventually { try fixture.store.run(run.id).step == 1 })
        _ = try fixture.store.requestCancel(run.id)
        fixture.pool.wake()
        #expect(try await status(fixture, run, is: .cancelled))
        await fixture.end()
    }

    @Test("A run that is paused leaves the worker to the next one; resumed, it comes back")
    func paused() async throws {
        let jobs = Seen<String>()
        let fixture = try PoolFixture.make(
            train: { worker in
                worker.ready()
                while let job = worker.nextJob() {
                    jobs.add(job.run)
                    let told = worker.wait {
                        if case .directive(job.run, job.fence, .pause) = $0 { true } else { false }
                    }
                    guard told else { return }
                    worker.send(.stopped(run: job.run, fence: job.fence, .pause))
                }
            }, limits: { $0.scheduleSeconds = 60 })
        let run = try fixture.createRun(name: "first")
        let next = try fixture.createRun(name: "second")
        try await fixture.pool.start()
        #expect(try await eventually { jobs.all == [run.id] })
        _ = try fixture.store.requestPause(run.id)
        fixture.pool.wake()
        #expect(try await status(fixture, run, is: .paused))
        #expect(try await eventually { jobs.all == [run.id, next.id] })
        _ = try fixture.store.resume(run.id)
        _ = try fixture.store.requestPause(next.id)
        fixture.pool.wake()
        #expect(try await eventually { jobs.all == [run.id, next.id, run.id] })
        #expect(try fixture.store.run(run.id).failuresSinceCheckpoint == 0)
        await fixture.end()
    }

    @Test("The worker's failure ends the run with its code and message")
    func failed() async throws {
        let fixture = try PoolFixture.make(train: { worker in
            guard let job = worker.readyForJob() else { return }
            let failure = WorkerFailure(code: "diverged", message: "step 3: the loss is not finite")
            worker.send(.failed(run: job.run, fence: job.fence, failure))
            worker.idle()
        })
        let run = try fixture.createRun()
        try await fixture.pool.start()
        #expect(try await status(fixture, run, is: .failed))
        #expect(try fixture.store.run(run.id).errorCode == "diverged")
        await fixture.end()
    }

    @Test("A file outside the scratch folder is never taken")
    func outside() async throws {
        let fixture = try PoolFixture.make(train: { worker in
            guard let job = worker.readyForJob() else { return }
            let progress = RunProgress(
                step: 1, steps: 1, epoch: 1, tokens: 1, tokensPerSecond: 1, etaSeconds: 0,
                trainingSeconds: 2, phase: "saving")
            let path = "\(job.scratch)/../../polytask.sqlite"
            worker.send(
                .finished(run: job.run, fence: job.fence, path: path, parameters: 7, progress))
            worker.idle()
        })
        let run = try fixture.createRun()
        try await fixture.pool.start()
        #expect(try await status(fixture, run, is: .failed))
        await fixture.end()
    }

    @Test("Stopping pauses the run after a checkpoint; the next start takes it up with it")
    func stop() async throws {
        let fixture = try PoolFixture.make(train: { worker in
            guard let job = worker.readyForJob() else { return }
            worker.progress(job, step: 1)
            let told = worker.wait {
                if case .directive(_, _, .pause) = $0 { true } else { false }
            }
            guard told else { return }
            let path = PoolFixture.write(job, "c", "checkpoint")
            worker.send(.checkpoint(run: job.run, fence: job.fence, path: path, step: 1))
            _ = worker.wait { if case .kept = $0 { true } else { false } }
            worker.send(.stopped(run: job.run, fence: job.fence, .pause))
            worker.idle()
        })
        let run = try fixture.createRun()
        try await fixture.pool.start()
        #expect(try await eventually { try fixture.store.run(run.id).step == 1 })
        await fixture.pool.stop(seconds: 10)
        let record = try fixture.store.run(run.id)
        #expect(record.status == .queued)
        #expect(record.checkpointStep == 1)
        #expect(record.failuresSinceCheckpoint == 0)

        let jobs = Seen<TrainJob>()
        let launcher = FakeLauncher(train: { worker in
            if let job = worker.readyForJob() { jobs.add(job) }
            worker.idle()
        })
        let second = Pool(
            store: fixture.store, environment: PoolEnvironment(launcher: launcher))
        try await second.start()
        #expect(try await eventually { jobs.all.first?.checkpoint != nil })
        #expect((jobs.all.first?.fence ?? 0) > record.fence)
        await second.stop(seconds: 0.1)
        await fixture.end()
    }
}
