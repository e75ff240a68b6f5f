import API
import Foundation
import HTTP
import JSON
import Pool
import Spec
import Store
import Synchronization
import Testing

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
                "own": .array(sources.own.validation.map { .number($0.value) }),
                "weights": .array(
                    sources.points.filter { $0.name == "loss_weight" }.map { .number($0.value) }),
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
            family: .retention, name: "replay", equation: "Σ", summary: "Kept rows.",
            parameters: [.init("rate", in: 0.01...4, default: 1, "For each new row.")],
            earlierRows: .full, earlierDraws: 1),
        MethodDescriptor(
            family: .retention, name: "lwf", equation: "p", summary: "Answers.",
            outputKinds: [.classification]),
        MethodDescriptor(
            family: .adaptation, name: "full", equation: "θ", summary: "All of it."),
        MethodDescriptor(
            family: .adaptation, name: "lora", equation: "BA", summary: "Low rank.",
            parameters: [
                .init(whole: "rank", in: 1...64, default: 8, "Rank."),
                .init(names: "targets", "Layers."),
            ], outcome: .sharedAdapter, learningRate: 2e-4),
        MethodDescriptor(
            family: .adaptation, name: "adapter_per_task", equation: "BA", summary: "One each.",
            parameters: [.init(whole: "rank", in: 1...64, default: 8, "Rank.")], sharing: .none,
            outcome: .taskAdapters),
        MethodDescriptor(
            family: .adaptation, name: "heads", equation: "W", summary: "Heads.", sharing: .none,
            outcome: .unchanged, learningRate: 1e-3),
        MethodDescriptor(
            family: .curriculum, name: "competence", equation: "c", summary: "Easy ones first.",
            ranksByDifficulty: true),
        MethodDescriptor(
            family: .adaptation, name: "progressive", equation: "U", summary: "Networks.",
            parameters: [.init(flag: "laterals", default: true, "Connections.")], sharing: .stage,
            outcome: .networks),
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
