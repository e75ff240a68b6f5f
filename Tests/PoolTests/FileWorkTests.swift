import Glibc
import Testing
import WorkerProtocol

@testable import Pool

@Suite("Work on model files")
struct FileWorkTests {
    private func work(_ launcher: FakeLauncher, _ limits: PoolLimits = PoolLimits()) -> FileWork {
        FileWork(PoolEnvironment(launcher: launcher, limits: limits, report: { _ in }))
    }

    private static func job(_ path: String = "x") -> FileJob { .take(path: path, scratch: "s") }

    private static func answer(_ worker: FakeWorker) {
        worker.ready()
        guard case .file(.take(let path, _)) = worker.next() else { return }
        if path == "bad" {
            worker.send(
                .refused(id: 0, WorkerFailure(code: "bad_model", message: "no model")))
        } else {
            worker.send(
                .filed(
                    .taken(
                        TakenModel(
                            path: path, architecture: "llama", parameters: 1, contextLength: 2,
                            vocabulary: 3, license: nil))))
        }
        worker.idle()
    }

    @Test("each job has a worker of its own, which is ended after it")
    func own() async throws {
        let launcher = FakeLauncher(files: Self.answer)
        let work = work(launcher)
        for path in ["a", "b"] {
            guard case .taken(let model) = try await work.run(Self.job(path)) else {
                Issue.record("another answer")
                return
            }
            #expect(model.path == path)
        }
        await #expect(throws: WorkerFailure(code: "bad_model", message: "no model")) {
            _ = try await work.run(Self.job("bad"))
        }
        #expect(launcher.launches(.files) == 3)
    }

    @Test("a worker that dies fails its job alone")
    func death() async throws {
        let launcher = FakeLauncher(files: { worker in
            if worker.launch == 1 {
                worker.ready()
                _ = worker.next()
            } else {
                Self.answer(worker)
            }
        })
        let work = work(launcher)
        let error = await #expect(throws: WorkerFailure.self) {
            _ = try await work.run(Self.job())
        }
        #expect(error?.code == "worker_lost")
        _ = try await work.run(Self.job())
    }

    @Test("a caller who leaves, a stop and a worker that takes too long end the work")
    func ends() async throws {
        let seen = Seen<Int>()
        let hanging = FakeLauncher(files: { worker in
            worker.ready()
            _ = worker.next()
            seen.add(worker.launch)
            worker.idle()
        })
        let work = work(hanging)
        let task = Task { try await work.run(Self.job()) }
        #expect(try await eventually { seen.all == [1] })
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }

        let second = Task { try await work.run(Self.job()) }
        #expect(try await eventually { seen.all == [1, 2] })
        work.stop()
        await #expect(throws: WorkerFailure.self) { _ = try await second.value }
        await #expect(throws: WorkerFailure.self) { _ = try await work.run(Self.job()) }

        var limits = PoolLimits()
        limits.fileJobSeconds = 0
        let slow = self.work(hanging, limits)
        let error = await #expect(throws: WorkerFailure.self) {
            _ = try await slow.run(Self.job())
        }
        #expect(error?.code == "timeout")
    }
}
