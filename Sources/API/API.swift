// The HTTP interface of the product: what stands between HTTP messages and the store and pool.
// It knows methods only by their catalogue and never imports the engine.
import Glibc
package import HTTP
import JSON
import Pool
package import Spec
package import Store
import Synchronization
import WorkerProtocol

/// All routes with what they need. Built once by the server, shared by all requests.
package final class API: Sendable {
    let store: Store
    let compute: any ComputeService
    let catalogue: [MethodDescriptor]
    let dtypes: [String]
    let interference: InterferenceReporting
    let limits: APILimits
    let blocking: BlockingExecutor
    let startedAt = Double(time(nil))
    let followers = Atomic<Int>(0)
    /// The uploads that a request is writing or completing.
    let uploadsInUse = Mutex<Set<String>>([])
    private let keys: KeyRing
    private let draining = Atomic<Bool>(false)
    private let log: @Sendable (LogEntry) -> Void
    let metrics: ServerMetrics
    let sources: ModelSources
    let importer = ModelImporter()
    let exports: ExportShelf
    private let admission: Admission
    /// For health and metrics, which must not wait behind ordinary calls of the store.
    private let urgent = BlockingExecutor(threads: 1, waitingMax: 64)

    /// - Parameters:
    ///   - catalogue: the methods that a run may name.
    ///   - dtypes: what a run may compute in, the one for `auto` last.
    ///   - interference: says how a run's tasks interfere.
    ///   - key: an API key for everything, besides those of the store. Without any key only
    ///     loopback requests are admitted.
    ///   - sources: where models may come from.
    ///   - metrics: those of the server that it is served by.
    ///   - log: takes what happened; must not block.
    /// - Throws: `StoreError` when the keys cannot be read.
    package init(
        store: Store, compute: any ComputeService, catalogue: [MethodDescriptor],
        dtypes: [String] = ["fp32"],
        interference: InterferenceReporting,
        limits: APILimits = APILimits(), key: APIKey?,
        sources: ModelSources = ModelSources(), metrics: ServerMetrics = ServerMetrics(),
        log: @escaping @Sendable (LogEntry) -> Void
    ) throws {
        self.store = store
        self.compute = compute
        self.catalogue = catalogue
        self.dtypes = dtypes
        self.interference = interference
        self.limits = limits
        self.log = log
        self.metrics = metrics
        self.sources = sources
        exports = ExportShelf(
            folder: "\(store.blobs.scratch)/exports", foldersMax: limits.exportsMax)
        admission = Admission(limits, clock: MonotonicClock.seconds)
        keys = KeyRing(configured: key, stored: try store.keys())
        blocking = BlockingExecutor(
            threads: limits.storeThreads, waitingMax: limits.storeQueueMax)
    }

    /// Whether requests must carry a key.
    package var isAuthenticated: Bool { keys.isNeeded }

    /// Notices keys that were made or revoked meanwhile, until the task is cancelled.
    package func followKeys() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(limits.keyRefreshSeconds))
            // A store that does not answer now leaves the keys as they are.
            if let stored = try? await stored({ try $0.keys() }) { keys.update(stored) }
        }
    }

    var isDraining: Bool { draining.load(ordering: .relaxed) }

    /// From now on every route but `/livez` answers 503.
    package func beginDraining() { draining.store(true, ordering: .relaxed) }

    package var router: Router {
        let guarded = Set(endpoints.map { RouteKey($0.method, $0.pattern) })
        return Router(
            routes,
            before: { [self] request in
                // An endpoint asks for itself; what is none must not tell strangers so.
                let method = request.method == .head ? .get : request.method
                if let route = request.route, guarded.contains(RouteKey(method, route)) {
                    return nil
                }
                return refusal(request)
            },
            problem: { [self] error, request in problem(error, request) })
    }

    private struct RouteKey: Hashable {
        var method: HTTP.Method
        var pattern: String
        init(_ method: HTTP.Method, _ pattern: String) {
            self.method = method
            self.pattern = pattern
        }
    }

    private func refusal(_ request: Request) -> Response? {
        do {
            _ = try Gate(keys: keys).admit(request, to: .anyKey)
            return nil
        } catch {
            return problem(error, request)
        }
    }

    /// The registry as the router takes it: every handler behind its guard.
    package var routes: [Route] {
        endpoints.map { endpoint in
            Route(endpoint.method, endpoint.pattern, isUrgent: endpoint.isUrgent) { [self] in
                try await answer($0, by: endpoint)
            }
        }
    }

    /// Decided before a byte of the body is read: who asks, and whether there is room.
    private func answer(_ request: Request, by endpoint: Endpoint) async throws -> Response {
        let principal = try Gate(keys: keys).admit(request, to: endpoint.access)
        guard !isDraining || endpoint.pattern == "/livez" else {
            throw APIError(.draining, "the server is shutting down; try again in a moment")
        }
        let permits = [
            try principal?.admit(count: metrics.count), try room(endpoint.routeClass),
        ].compactMap(\.self)
        let trace = request.fields["traceparent"].flatMap { TraceParent($0) }
        let origin = JobOrigin(
            request: request.id, trace: trace?.traceID, parent: trace?.parentID)
        return try await JobOrigin.$current.withValue(origin) {
            let response = try await endpoint.handler(request).holding(permits)
            return endpoint.routeClass == .health ? response : try response.tagged(for: request)
        }
    }

    private func room(_ routeClass: RouteClass) throws -> Permit? {
        do {
            return try admission.admit(routeClass)
        } catch {
            metrics.count(routeClass.rejection)
            throw error
        }
    }

    /// Notes a request that is over, for `Server`'s `onRequest`.
    package func note(_ record: RequestRecord) {
        var fields: [(name: String, value: JSON)] = [
            ("request_id", .string(record.id)), ("peer", .string(record.peer)),
            ("method", .string(record.method.rawValue)), ("route", .optional(record.route)),
            ("status", .count(record.status)), ("seconds", .number(record.seconds)),
            ("received_bytes", .count(record.receivedBytes)),
            ("sent_bytes", .count(record.sentBytes)), ("is_whole", .bool(record.isWhole)),
        ]
        if let trace = record.traceParent.flatMap({ TraceParent($0) }) {
            fields.append(("trace_id", .string(trace.traceID)))
            fields.append(("parent_id", .string(trace.parentID)))
        }
        log(LogEntry(record.status >= 500 ? .error : .info, "request", fields))
    }

    /// Any error as problem+json; an internal one is logged.
    package func problem(_ error: any Error, _ request: Request) -> Response {
        let problem = Problem(error)
        if problem.status >= 500 && problem.status != 503 {
            log(
                LogEntry(
                    .error, "failure",
                    [
                        ("request_id", .string(request.id)), ("code", .string(problem.code)),
                        ("message", .string(Self.describe(error))),
                    ]))
        }
        return problem.response(requestID: request.id, limits: limits)
    }

    /// Runs a call of the store on a thread that may wait.
    func stored<T: Sendable>(_ call: @escaping @Sendable (Store) throws -> T) async throws -> T {
        try await blocking.run { [store] in try call(store) }
    }

    /// As `stored`, ahead of everybody else.
    func urgently<T: Sendable>(_ call: @escaping @Sendable (Store) throws -> T) async throws -> T {
        try await urgent.run { [store] in try call(store) }
    }

    private static func describe(_ error: any Error) -> String {
        switch error {
        case let error as StoreError: error.message
        case let error as APIError: error.message
        case is DecodingError: "a stored value could not be decoded"
        default: String(String(describing: error).prefix(500))
        }
    }
}
