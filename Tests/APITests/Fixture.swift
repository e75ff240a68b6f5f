import API
import Foundation
import HTTP
import JSON
import Pool
import Spec
import Store
import Synchronization
import Testing
import WorkerProtocol

/// An API over a store in a fresh folder, with a compute service that the test plays.
final class Fixture: Sendable {
    let folder: String
    let store: Store
    let compute = FakeCompute()
    let api: API
    let router: Router

    /// A handler's unforeseen error fails the test that met it, with its text.
    @Sendable static func reportFailures(_ entry: LogEntry) {
        let code = entry.fields.first { $0.name == "code" }?.value
        guard entry.event == "failure", code == "internal" else { return }
        Issue.record("\(String(decoding: entry.line(time: 0), as: UTF8.self))")
    }

    /// A server that knows one key of its store; with the key.
    static func withKey(
        _ scopes: Set<KeyScope>, requestsPerMinute: Int? = nil, concurrent: Int? = nil
    ) throws -> (fixture: Fixture, key: String) {
        let folder = NSTemporaryDirectory() + "polytask-api-\(UUID().uuidString)"
        let (_, key) = try KeyBook(folder: folder).create(
            name: "test", scopes: scopes, requestsPerMinute: requestsPerMinute,
            concurrent: concurrent)
        return (try Fixture(folder: folder), key)
    }

    init(
        folder: String = NSTemporaryDirectory() + "polytask-api-\(UUID().uuidString)",
        key: String? = nil, limits: APILimits = APILimits(),
        sources: ModelSources? = nil, write: @escaping FileSystem.Write = FileSystem.write,
        log: @escaping @Sendable (LogEntry) -> Void = Fixture.reportFailures
    ) throws {
        self.folder = folder
        store = try Store(folder: folder, write: write)
        api = try API(
            store: store, compute: compute, catalogue: Self.catalogue, dtypes: ["fp32", "bf16"],
            interference: Self.interference, limits: limits,
            key: try key.map { try APIKey($0) },
            sources: sources ?? ModelSources(folder: folder + "/models"), log: log)
        router = api.router
    }

    /// Counts what it is made of; suggests the same run with EWC.
    static let interference = InterferenceReporting(
        json: { sources in
            [
                "tasks": .integer(Int64(sources.own.run.spec.tasks.count)),
                "points": .integer(Int64(sources.points.count)),
                "baselines": .array(sources.baselines.map { .string($0.run.spec.name) }),
                "map": sources.map.map { .string($0) } ?? nil, "suggestion": ["field": "retention"],
            ]
        },
        next: { sources in
            var spec = sources.own.run.spec
            spec.name += "-2"
            return spec
        },
        page: { sources, next in "<p>\(sources.own.run.name) \(next?.text ?? "")</p>" })

    /// Log lines as they would be written.
    final class Lines: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        func add(_ entry: LogEntry) { bytes.withLock { $0 += entry.line(time: 0) } }
        var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
    }

    /// Moves when the test says so.
    final class Clock: Sendable {
        private let time = Mutex(0.0)
        var now: Double {
            get { time.withLock { $0 } }
            set { time.withLock { $0 = newValue } }
        }
    }

    var scratch: String { store.blobs.scratch }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    static let catalogue = [
        MethodDescriptor(
            family: .mixing, name: "proportional", equation: "p = n", summary: "By size."),
        MethodDescriptor(
            family: .mixing, name: "explicit", equation: "p", summary: "As given.",
            takesTaskValues: true),
        MethodDescriptor(
            family: .weighting, name: "gradnorm", equation: "g", summary: "Balances norms.",
            parameters: [.init("alpha", in: 0...3, default: 1.5, "Asymmetry.")], tasksMin: 2),
        MethodDescriptor(
            family: .aggregation, name: "pcgrad", paper: "arXiv:2001.06782", equation: "v",
            summary: "Projects.", tasksMin: 2),
        MethodDescriptor(
            family: .aggregation, name: "imtl_g", equation: "α", summary: "Impartial.",
            tasksMin: 2, ignoresLossScale: true),
        MethodDescriptor(
            family: .retention, name: "ewc", equation: "F", summary: "Anchors.",
            parameters: [
                .init("lambda", in: 0...1e9, default: 1000, "Strength."),
                .init("fisher", choices: ["sampled", "exact"], "Whose labels."),
            ], means: "the penalty"),
        MethodDescriptor(
            family: .retention, name: "online_ewc", equation: "F", summary: "Anchors.",
            means: "the penalty"),
        MethodDescriptor(
            family: .retention, name: "lwf", equation: "p", summary: "Answers.",
            outputKinds: [.classification]),
        MethodDescriptor(
            family: .adaptation, name: "full", equation: "θ", summary: "All of it."),
        MethodDescriptor(
            family: .adaptation, name: "lora", equation: "BA", summary: "Low rank.",
            parameters: [
                .init("rank", in: 1...64, default: 8, "Rank."), .init(names: "targets", "Layers."),
            ]),
        MethodDescriptor(
            family: .adaptation, name: "adapter_per_task", equation: "BA", summary: "One each.",
            sharing: .none),
        MethodDescriptor(
            family: .adaptation, name: "progressive", equation: "U", summary: "Networks.",
            parameters: [.init(flag: "laterals", default: true, "Connections.")], sharing: .stage),
    ]

    struct Answer {
        var status: Int
        var fields: Fields
        var bytes: [UInt8]
        var json: JSON
        var text: String { String(decoding: bytes, as: UTF8.self) }
        var code: String? { json["error"]?["code"]?.string }
        var parameter: String? { json["error"]?["param"]?.string }
        var message: String { json["error"]?["message"]?.string ?? "" }
    }

    func send(
        _ method: HTTP.Method, _ path: String, query: [(name: String, value: String)] = [],
        fields: [String: String] = [:], body: String = "", bytes: [UInt8]? = nil
    ) async -> Answer {
        var head = Fields()
        for (name, value) in fields { head[name] = value }
        let request = Request(
            method: method, path: path, query: query, fields: head,
            body: RequestBody(bytes ?? Array(body.utf8)), peer: "127.0.0.1", id: "test",
            authority: fields["Host"] ?? "localhost")
        let response = await router.respond(to: request)
        let answer = await Self.bytes(response.body)
        return Answer(
            status: response.status.code, fields: response.fields, bytes: answer,
            json: (try? JSON.parse(answer)) ?? .null)
    }

    func post(_ path: String, _ body: JSON, fields: [String: String] = [:]) async -> Answer {
        let fields = fields.merging(["Content-Type": "application/json"]) { first, _ in first }
        return await send(.post, path, fields: fields, body: body.text)
    }

    func put(_ path: String, _ body: JSON, fields: [String: String] = [:]) async -> Answer {
        let fields = fields.merging(["Content-Type": "application/json"]) { first, _ in first }
        return await send(.put, path, fields: fields, body: body.text)
    }

    private static func bytes(_ body: Response.Body) async -> [UInt8] {
        switch body {
        case .none: return []
        case .bytes(let bytes): return bytes
        case .stream(let write), .sized(_, let write), .live(let write):
            let written = Mutex<[UInt8]>([])
            try? await write(StreamWriter { bytes in written.withLock { $0 += bytes } })
            return written.withLock { $0 }
        }
    }
}

extension Fixture {
    @discardableResult
    func upload(_ name: String, _ rows: String, fields: [String: String] = [:]) async -> Answer {
        await send(
            .post, "/v1/datasets", query: [("name", name)], fields: fields, body: rows)
    }

    /// Ten labelled rows.
    static let labelled = (0..<10).map {
        "{\"text\":\"row \($0)\",\"label\":\"\($0 % 2 == 0 ? "good" : "bad")\"}\n"
    }.joined()
    /// Ten prompts with completions.
    static let completions = (0..<10).map {
        "{\"prompt\":\"question \($0)\",\"completion\":\"answer \($0)\"}\n"
    }.joined()

    func datasetID(_ rows: String) async -> String {
        await upload("rows", rows).json["id"]?.string ?? ""
    }

    @discardableResult
    func makeBase(_ name: String = "tiny") throws -> ModelRecord {
        try store.createBaseModel(
            name: name, sha256: try keep("base \(name)"),
            summary: [
                "architecture": "llama", "parameters": 1000, "context_length": 512,
                "vocabulary": 100, "tasks": [],
            ])
    }

    /// A fine-tuned model with two tasks of each kind, under the alias of its run's name.
    func makeTuned(_ name: String = "default", tasks: [JSON] = Fixture.tasks) async throws -> String
    {
        try makeBase()
        let dataset = await datasetID(Self.labelled)
        let run = try store.createRun(
            RunSpec(
                name: name, baseModel: "tiny",
                tasks: [TaskSpec(name: "mood", kind: .classification, dataset: dataset)]),
            idempotency: nil)
        let lease = try store.leaseNextRun()
        let model = try store.finishRun(
            run.id, fence: lease?.fence ?? 0, weightsSHA256: try keep("weights \(name)"),
            summary: ["context_length": 512, "tasks": .array(tasks)])
        return model?.id ?? ""
    }

    static let tasks: [JSON] = [
        ["name": "mood", "kind": "classification", "labels": ["bad", "good"], "format": "raw"],
        ["name": "topic", "kind": "classification", "labels": ["a", "b"], "format": "raw"],
        ["name": "reply", "kind": "generation", "labels": [], "format": "chat"],
    ]

    private func keep(_ text: String) throws -> String {
        let writer = try store.blobs.writer()
        try writer.write(Array(text.utf8))
        return try writer.keep()
    }
}

/// Answers with what the test put in.
final class FakeCompute: ComputeService {
    struct Script: Sendable {
        var isReady = true
        var figures = PoolFigures()
        var lastOrigin: JobOrigin?
        var wakes = 0
        var unloaded: [String] = []
        var labels = ["bad", "good"]
        var logits: [Float] = [0, 1]
        var words: [Int]?
        var lastInputs: [InputText] = []
        var failure: WorkerFailure?
        var outputs: [GenerateOutput] = []
        /// Keep the stream open after the outputs.
        var hangs = false
        var lastTask: String?
        var lastMessages: [ChatTurn]?
        var lastSampling: SamplingOptions?
        var wasCancelled = false
        /// Jobs on files, in order, and what is done for them.
        var fileJobs: [FileJob] = []
        var work: @Sendable (FileJob) throws -> FileResult = FakeCompute.work
    }
    let script = Mutex(Script())

    func set(_ change: (inout sending Script) -> Void) { script.withLock { change(&$0) } }
    func get<T: Sendable>(_ read: (Script) -> T) -> T { script.withLock { read($0) } }

    func unload(model id: String) { script.withLock { $0.unloaded.append(id) } }
    func wake() { script.withLock { $0.wakes += 1 } }
    var workers: [WorkerInfo] { get async { [] } }
    var figures: PoolFigures { script.withLock { $0.figures } }
    var isReady: Bool { get async { script.withLock { $0.isReady } } }

    /// Takes what begins with GGUF, and a folder that has such a file.
    static let work: @Sendable (FileJob) throws -> FileResult = { job in
        guard case .take(var path, _) = job else { return .exported }
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if isFolder.boolValue { path += "/model.gguf" }
        let bytes = FileManager.default.contents(atPath: path) ?? Data()
        guard bytes.starts(with: Data("GGUF".utf8)) else {
            throw WorkerFailure(code: "bad_model", message: "no GGUF")
        }
        return .taken(
            TakenModel(
                path: path, architecture: "llama", parameters: 1, contextLength: 128,
                vocabulary: 10, license: "mit"))
    }

    func work(_ job: FileJob) async throws -> FileResult {
        let work = script.withLock { script in
            script.fileJobs.append(job)
            return script.work
        }
        return try work(job)
    }

    func classify(
        model: ModelRecord, task: String?, inputs: [InputText], truncate: Bool
    ) async throws -> ClassifyResult {
        let script = script.withLock { script in
            script.lastTask = task
            script.lastInputs = inputs
            script.lastOrigin = JobOrigin.current
            return script
        }
        if let failure = script.failure { throw failure }
        return ClassifyResult(
            labels: script.labels, logits: inputs.map { _ in script.logits },
            words: script.words.map { words in inputs.map { _ in words } },
            promptTokens: 3 * inputs.count)
    }

    func generate(
        model: ModelRecord, task: String?, prompt: String, messages: [ChatTurn]?, raw: Bool, n: Int,
        sampling: SamplingOptions
    ) -> AsyncThrowingStream<GenerateOutput, any Error> {
        let script = script.withLock { script in
            script.lastTask = task
            script.lastSampling = sampling
            script.lastMessages = messages
            return script
        }
        return AsyncThrowingStream { continuation in
            continuation.onTermination = { [self] reason in
                if case .cancelled = reason { set { $0.wasCancelled = true } }
            }
            for output in script.outputs { continuation.yield(output) }
            if let failure = script.failure {
                continuation.finish(throwing: failure)
            } else if !script.hangs {
                continuation.finish()
            }
        }
    }
}
