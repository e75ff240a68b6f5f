/// A method, a pattern and what answers them.
package struct Route: Sendable {
    package var method: Method
    /// Segments, of which `{name}` takes any one: `/v1/runs/{id}`.
    package var pattern: String
    /// Health checks: before all others on their reactor, and with a place when every connection
    /// is taken. The handler must be short and wait for nobody.
    package var isUrgent: Bool
    package var handler: Handler

    package enum Handler: Sendable {
        /// Runs in a task of its own.
        case task(@Sendable (Request) async throws -> Response)
        /// Runs where the request was parsed, without a task.
        case immediate(@Sendable (Request) throws -> Response)
    }

    package init(
        _ method: Method, _ pattern: String, isUrgent: Bool = false,
        _ handler: @escaping @Sendable (Request) async throws -> Response
    ) {
        self.init(method, pattern, isUrgent, .task(handler))
    }

    /// A route whose handler waits for nothing, reads no body and answers no stream: it costs no
    /// task.
    package static func immediate(
        _ method: Method, _ pattern: String, isUrgent: Bool = false,
        _ handler: @escaping @Sendable (Request) throws -> Response
    ) -> Route {
        Route(method, pattern, isUrgent, .immediate(handler))
    }

    private init(_ method: Method, _ pattern: String, _ isUrgent: Bool, _ handler: Handler) {
        self.method = method
        self.pattern = pattern
        self.isUrgent = isUrgent
        self.handler = handler
    }
}
