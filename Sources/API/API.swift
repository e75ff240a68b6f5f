// The HTTP interface of the product: what stands between HTTP messages and the store and pool.
// It knows methods only by their catalogue and never imports the engine.
import Glibc
package import HTTP
package import Spec
package import Store
import Synchronization

/// All routes with what they need. Built once by the server, shared by all requests.
package final class API: Sendable {
    let store: Store
    let compute: any ComputeService
    let catalogue: [MethodDescriptor]
    let limits: APILimits
    let blocking: BlockingExecutor
    let startedAt = Double(time(nil))
    let followers = Atomic<Int>(0)
    private let keys: KeyRing
    private let draining = Atomic<Bool>(false)
    private let log: @Sendable (String) -> Void

    /// - Parameters:
    ///   - catalogue: the methods that a run may name.
    ///   - key: an API key for everything, besides those of the store. Without any key only
    ///     loopback requests are admitted.
    ///   - log: takes one line about an internal error, without any user data.
    /// - Throws: `StoreError` when the keys cannot be read.
    package init(
        store: Store, compute: any ComputeService, catalogue: [MethodDescriptor],
        limits: APILimits = APILimits(), key: APIKey?,
        log: @escaping @Sendable (String) -> Void = API.logToStandardError
    ) throws {
        self.store = store
        self.compute = compute
        self.catalogue = catalogue
        self.limits = limits
        self.log = log
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
        let permit = try principal?.admit()
        return try await endpoint.handler(request).holding(permit)
    }

    /// Any error as problem+json; an internal one is logged.
    package func problem(_ error: any Error, _ request: Request) -> Response {
        let problem = Problem(error)
        if problem.status >= 500 && problem.status != 503 {
            log("request \(request.id) failed: \(problem.code): \(Self.describe(error))")
        }
        return problem.response(requestID: request.id, limits: limits)
    }

    /// Runs a call of the store on a thread that may wait.
    func stored<T: Sendable>(_ call: @escaping @Sendable (Store) throws -> T) async throws -> T {
        try await blocking.run { [store] in try call(store) }
    }

    package static let logToStandardError: @Sendable (String) -> Void = { line in
        let safe = line.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }
        var text = String(String.UnicodeScalarView(safe)) + "\n"
        text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
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
