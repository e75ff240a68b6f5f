import HTTP
import JSON
import Spec
import Store
import Synchronization
import TestSupport
import Testing

@testable import Tracking

@Suite struct MLflowTests {
    private let folder: TemporaryFolder
    private let store: Store
    private let server = FakeMLflow()

    init() throws {
        folder = try TemporaryFolder()
        store = try Store(folder: folder.path)
    }

    private func export(
        note: @escaping (String) -> Void = { _ in }, _ exchange: MLflowSink.Exchange? = nil
    ) -> MetricExport {
        let sink = MLflowSink(
            server: "http://m", experiment: "bots", store: store, note: note,
            exchange: exchange ?? server.exchange)
        return MetricExport(store: store, sink: sink)
    }

    private func makeRun(_ steps: Int, parent: String? = nil) throws -> RunRecord {
        _ = try store.createRun(
            RunSpec(name: "bot", baseModel: "b", tasks: []), idempotency: nil)
        let run = try #require(try store.leaseNextRun())
        try record(0..<steps, run)
        return run
    }

    private func record(_ steps: Range<Int>, _ run: RunRecord) throws {
        try store.recordMetrics(
            run.id, fence: run.fence,
            steps.map {
                MetricPoint(
                    task: "mood", name: "loss", split: "validation", epoch: 1, step: $0,
                    value: 1 / Double($0 + 1))
            })
    }

    private func end(_ run: RunRecord, _ status: RunStatus = .cancelled) throws {
        try store.endRun(
            run.id, fence: run.fence, status: status, errorCode: nil, errorMessage: nil)
    }

    private var seen: FakeMLflow.State { server.state.withLock { $0 } }

    @Test("A run is made once, with its parameters, its metrics and its end")
    func whole() throws {
        let run = try makeRun(700)
        var forward = export()
        _ = try forward.step()
        #expect(seen.experiments == ["bots": "7"])
        #expect(seen.runs.map(\.tag) == [run.id] && seen.metrics["m0"]?.count == 700)
        #expect(seen.parameters.contains(#"{"key":"weighting","value":"none"}"#))
        #expect(seen.metrics["m0"]?.contains { $0.contains(#""mood/validation_loss""#) } == true)
        try end(run)
        _ = try forward.step()
        #expect(seen.runs.map(\.status) == ["KILLED"])
    }

    @Test("Runs of another server in the same experiment are its own affair")
    func others() throws {
        server.state.withLock {
            $0.experiments["bots"] = "7"
            $0.runs.append((id: "m0", tag: "run_of_another_store", status: "RUNNING"))
        }
        let run = try makeRun(3)
        try end(run)
        var forward = export()
        _ = try forward.step()
        #expect(seen.runs.map(\.status) == ["RUNNING", "KILLED"])
        #expect(seen.metrics["m1"]?.count == 3)
    }

    @Test("Parameters tell the candidates of a sweep, and choices that are words, apart")
    func parameters() {
        var spec = RunSpec(
            name: "bot", baseModel: "b", tasks: [],
            weighting: MethodSpec("fixed", tasks: ["mood": 3, "reply": 1]))
        spec.retention = [MethodSpec("ewc", ["lambda": 10], options: ["estimator": "exact"])]
        spec.adaptation = MethodSpec("lora", ["rank": 4], lists: ["targets": ["query", "value"]])
        let texts = RunParameters.of(spec).compactMap { $0["value"]?.string }
        #expect(texts.contains("fixed(mood=3.0,reply=1.0)"))
        #expect(texts.contains("ewc(lambda=10.0,estimator=exact)"))
        #expect(texts.contains("lora(rank=4.0,targets=query+value)"))
    }

    @Test(
        "Wherever the connection breaks or the server is killed, nothing is made twice or left out",
        arguments: 0..<10)
    func broken(after requests: Int) throws {
        let run = try makeRun(600)
        try end(run)
        server.state.withLock { $0.left = requests }
        var forward = export()
        // Two searches, three for the experiment, one creation, three batches, the end.
        if requests < 9 { #expect(throws: TrackingError.self) { try forward.step() } }
        server.state.withLock { $0.left = .max }
        var again = export()
        _ = try again.step()
        #expect(seen.runs.map(\.tag) == [run.id] && seen.runs.map(\.status) == ["KILLED"])
        #expect(seen.metrics["m0"]?.count == 600)
    }

    @Test("A run that was deleted there is left out, said once, and holds up no other")
    func deleted() throws {
        let run = try makeRun(5)
        let notes = Mutex<[String]>([])
        var forward = export(note: { note in notes.withLock { $0.append(note) } })
        _ = try forward.step()
        server.state.withLock { $0.deleted = ["m0"] }
        try record(5..<10, run)
        _ = try forward.step()
        try end(run)
        _ = try makeRun(3)
        _ = try forward.step()
        #expect(seen.metrics["m0"]?.count == 5 && seen.metrics["m1"]?.count == 3)
        #expect(notes.withLock { $0 }.count == 1)
        #expect(notes.withLock { $0 }.first?.contains(run.id) == true)
    }

    @Test("Over HTTP, below a path, with credentials that no message shows")
    func overHTTP() async throws {
        let run = try makeRun(1)
        let fake = try server.serve()
        let address = "http://127.0.0.1:\(fake.port)/behind/"
        for (credentials, header) in [
            (MLflowServer.Credentials.token("t0ken"), "Bearer t0ken"),
            // RFC 7617, section 2.
            (
                .password(user: "Aladdin", "open sesame"),
                "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
            ), (.none, "none"),
        ] {
            let there = try #require(MLflowServer(address, credentials))
            #expect(!there.address.contains("t0ken"))
            let (status, body) = try await onThread {
                try there.exchange(.get, "experiments/get-by-name?experiment_name=x", nil)
            }
            #expect(status == 404 && body["error_code"] == "RESOURCE_DOES_NOT_EXIST")
            #expect(seen.authorizations.contains(header))
        }
        let there = try #require(MLflowServer(address))
        let store = store
        try await onThread {
            let sink = MLflowSink(
                server: there.address, experiment: "bots", store: store, exchange: there.exchange)
            var forward = MetricExport(store: store, sink: sink)
            _ = try forward.step()
        }
        #expect(seen.runs.map(\.tag) == [run.id] && seen.metrics["m0"]?.count == 1)
        await fake.drain(seconds: 1)
        await #expect(throws: TrackingError.self) {
            try await onThread { _ = try there.exchange(.get, "experiments/get-by-name", nil) }
        }
    }

    @Test(
        "Addresses that cannot be used are refused",
        arguments: ["mlflow:5000", "ftp://m", "http://u:p@m", "http://m/?a=b", "http://m/#x", ""])
    func addresses(_ address: String) {
        #expect(MLflowServer(address) == nil)
    }

    @Test("Names are escaped in queries")
    func escaping() {
        #expect(PercentEncoding.query("a b/ü&c=~") == "a%20b%2F%C3%BC%26c%3D~")
    }
}
