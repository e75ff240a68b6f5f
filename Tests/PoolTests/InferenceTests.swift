import Pool
import Store
import Testing
import WorkerProtocol

@Suite struct InferenceTests {
    static let answer = ClassifyResult(labels: ["no", "yes"], logits: [[0, 1]], promptTokens: 3)
    static let usage = GenerateUsage(
        promptTokens: 1, completionTokens: 1, promptSeconds: 0, decodeSeconds: 0)

    /// Answers classifications; generations get one delta and then nothing more.
    static let stalling: FakeLauncher.Script = { worker in
        worker.ready()
        while let request = worker.next() {
            switch request {
            case .classify(let job): worker.send(.classified(id: job.id, answer))
            case .generate(let job):
                worker.send(.delta(id: job.id, GenerateDelta(choice: 0, text: "a", tokens: 1)))
            case .shutdown: return
            default: break
            }
        }
    }

    func generate(_ fixture: PoolFixture) throws -> AsyncThrowingStream<GenerateOutput, any Error> {
        fixture.pool.generate(
            model: try fixture.model(), task: nil, prompt: "hello", messages: nil, raw: false, n: 1,
            sampling: SamplingOptions())
    }

    @Test("After start both workers are ready, and a classification is answered")
    func classify() async throws {
        let fixture = try PoolFixture.make(infer: Self.stalling)
        try await fixture.pool.start()
        #expect(await fixture.pool.isReady)
        #expect(await fixture.pool.workers.map(\.role) == ["train", "infer"])
        let result = try await fixture.pool.classify(
            model: try fixture.model(), task: "intent", inputs: [InputText("hi")], truncate: false)
        #expect(result == Self.answer)
        await fixture.end()
    }

    @Test("A worker killed in mid-generation: the stream throws worker_lost, the next job works")
    func killed() async throws {
        let fixture = try PoolFixture.make(infer: { worker in
            guard worker.launch == 1 else { return Self.stalling(worker) }
            worker.ready()
            guard case .generate(let job) = worker.next() else { return }
            worker.send(.delta(id: job.id, GenerateDelta(choice: 0, text: "a", tokens: 1)))
        })
        try await fixture.pool.start()
        var deltas = 0
        let error = await #expect(throws: WorkerFailure.self) {
            for try await _ in try generate(fixture) { deltas += 1 }
        }
        #expect(error?.code == "worker_lost")
        #expect(deltas == 1)
        let result = try await fixture.pool.classify(
            model: try fixture.model(), task: "intent", inputs: [InputText("hi")], truncate: false)
        #expect(result == Self.answer)
        #expect(fixture.launcher.launches(.infer) == 2)
        await fixture.end()
    }

    @Test("One job above the limit is refused as overloaded at once")
    func overflow() async throws {
        let fixture = try PoolFixture.make(
            infer: Self.stalling, limits: { $0.inferenceJobsMax = 2 })
        try await fixture.pool.start()
        let held = [try generate(fixture), try generate(fixture)]
        let error = await #expect(throws: WorkerFailure.self) {
            _ = try await fixture.pool.classify(
                model: try fixture.model(), task: "intent", inputs: [InputText("hi")],
                truncate: false)
        }
        #expect(error?.code == "overloaded")
        #expect(error?.message.contains("2 inference jobs") == true)
        _ = held
        await fixture.end()
    }

    @Test("A consumer that goes away cancels its job in the worker, and frees its place")
    func cancel() async throws {
        let cancelled = Seen<Int>()
        let fixture = try PoolFixture.make(
            infer: { worker in
                worker.ready()
                while let request = worker.next() {
                    switch request {
                    case .generate(let job):
                        worker.send(
                            .delta(id: job.id, GenerateDelta(choice: 0, text: "a", tokens: 1)))
                    case .cancel(let id):
                        cancelled.add(id)
                        worker.send(.generated(id: id, Self.usage))
                    case .classify(let job):
                        worker.send(.classified(id: job.id, Self.answer))
                    default: break
                    }
                }
            }, limits: { $0.inferenceJobsMax = 1 })
        try await fixture.pool.start()
        for try await _ in try generate(fixture) { break }
        #expect(try await eventually { cancelled.all.count == 1 })
        var answered = false
        for _ in 0..<100 where !answered {
            answered =
                (try? await fixture.pool.classify(
                    model: try fixture.model(), task: "intent", inputs: [InputText("hi")],
                    truncate: false))
                != nil
        }
        #expect(answered)
        await fixture.end()
    }

    @Test("A cancelled task that waits for a classification ends, and the worker hears it")
    func cancelledTask() async throws {
        let seen = Seen<String>()
        let fixture = try PoolFixture.make(infer: { worker in
            worker.ready()
            while let request = worker.next() {
                if case .classify = request { seen.add("classify") }
                if case .cancel = request { seen.add("cancel") }
            }
        })
        try await fixture.pool.start()
        let model = try fixture.model()
        let pool = fixture.pool
        let task = Task {
            try await pool.classify(
                model: model, task: "intent", inputs: [InputText("hi")], truncate: false)
        }
        #expect(try await eventually { seen.all == ["classify"] })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await eventually { seen.all == ["classify", "cancel"] })
        await fixture.end()
    }

    @Test("The worker's own refusal reaches the caller as it is")
    func refusal() async throws {
        let failure = WorkerFailure(code: "invalid_input", message: "input[0]: it is empty")
        let fixture = try PoolFixture.make(infer: { worker in
            worker.ready()
            while let request = worker.next() {
                if case .classify(let job) = request { worker.send(.refused(id: job.id, failure)) }
            }
        })
        try await fixture.pool.start()
        let error = await #expect(throws: WorkerFailure.self) {
            _ = try await fixture.pool.classify(
                model: try fixture.model(), task: "intent", inputs: [InputText("")], truncate: false
            )
        }
        #expect(error == failure)
        await fixture.end()
    }

    @Test("A worker that stops answering pings is replaced")
    func silent() async throws {
        let fixture = try PoolFixture.make(
            infer: { worker in
                guard worker.launch == 1 else { return Self.stalling(worker) }
                worker.ready()
                _ = worker.nextUnanswered()
                _ = worker.nextUnanswered()
            },
            limits: {
                $0.pingSeconds = 0.05
                $0.pongSecondsMax = 0.1
            })
        try await fixture.pool.start()
        #expect(try await eventually { fixture.launcher.launches(.infer) >= 2 })
        await fixture.end()
    }

    @Test("Start fails when a worker is not ready in time; so does one that finds a problem")
    func notReady() async throws {
        let late = try PoolFixture.make(infer: { $0.idle() }, limits: { $0.startSeconds = 0.1 })
        let error = await #expect(throws: WorkerFailure.self) { try await late.pool.start() }
        #expect(error?.code == "worker_lost")
        await late.end()

        let wrong = try PoolFixture.make(infer: {
            $0.ready(problems: ["wrong"])
            $0.idle()
        })
        let refusal = await #expect(throws: WorkerFailure.self) { try await wrong.pool.start() }
        #expect(refusal?.code == "wrong_mathematics")
        #expect(await !wrong.pool.isReady)
        #expect(wrong.reports.all.contains { $0.contains("wrong") })
        await wrong.end()
    }

    @Test("After stop every job is refused and nothing hangs")
    func stopped() async throws {
        let fixture = try PoolFixture.make(infer: Self.stalling)
        try await fixture.pool.start()
        let stream = try generate(fixture)
        await fixture.pool.stop(seconds: 0.1)
        await #expect(throws: WorkerFailure.self) { for try await _ in stream {} }
        await #expect(throws: WorkerFailure.self) {
            _ = try await fixture.pool.classify(
                model: try fixture.model(), task: "intent", inputs: [InputText("hi")],
                truncate: false)
        }
        #expect(await !fixture.pool.isReady)
        await fixture.end()
    }
}
