// The HTTP interface of the product: what stands between HTTP messages and the store and pool.
// It knows methods only by their catalogue and never imports the engine.
import Glibc
package import HTTP
package import JSON
package import Spec
package import Store
import Synchronization

/// All routes with what they need. Built once by the server, shared by all requests.
package final class API: Sendable {
    let store: Store
    let compute: any ComputeService
    let catalogue: [MethodDescriptor]
    let interference: @Sendable (RunSpec, [MetricPoint]) -> JSON
    let limits: APILimits
    let blocking: BlockingExecutor
    let startedAt = Double(time(nil))
    let followers = Atomic<Int>(0)
    private let gate: Gate
    private let draining = Atomic<Bool>(false)
    private let log: @Sendable (String) -> Void

    /// - Parameters:
    ///   - catalogue: the methods that a run may name.
    ///   - interference: what a run's metrics say of how its tasks interfere.
    ///   - key: the one API key; nil admits loopback requests only.
    ///   - log: takes one line about an internal error, without any user data.
    package init(
        store: Store, compute: any ComputeService, catalogue: [MethodDescriptor],
        interference: @escaping @Sendable (RunSpec, [MetricPoint]) -> JSON,
        limits: APILimits = APILimits(), key: APIKey?,
        log: @escaping @Sendable (String) -> Void = API.logToStandardError
    ) {
        self.store = store
        self.compute = compute
        self.catalogue = catalogue
        self.interference = interference
        self.limits = limits
        self.log = log
        gate = Gate(key: key)
        blocking = BlockingExecutor(
            threads: limits.storeThreads, waitingMax: limits.storeQueueMax)
    }

    package var isAuthenticated: Bool { gate.key != nil }

    var isDraining: Bool { draining.load(ordering: .relaxed) }

    /// From now on every route but `/livez` answers 503.
    package func beginDraining() { draining.store(true, ordering: .relaxed) }

    package var router: Router {
        Router(
            routes,
            before: { [self] request in before(request) },
            problem: { [self] error, request in problem(error, request) })
    }

    /// The answer to a request that must not reach its handler; nil lets it pass.
    package func before(_ request: Request) -> Response? {
        if let refusal = gate.refusal(request) { return problem(refusal, request) }
        guard isDraining, request.path != "/livez" else { return nil }
        return problem(
            APIError(.draining, "the server is shutting down; try again in a moment"), request)
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
