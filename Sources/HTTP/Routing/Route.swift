/// A method, a pattern and what answers them.
package struct Route: Sendable {
    package var method: Method
    /// Segments, of which `{name}` takes any one: `/v1/runs/{id}`.
    package var pattern: String
    /// Health checks: before all others on their reactor, and with a place when every connection
    /// is taken. The handler must be short and wait for nobody.
    package var isUrgent: Bool
    package var handler: @Sendable (Request) async throws -> Response

    package init(
        _ method: Method, _ pattern: String, isUrgent: Bool = false,
        _ handler: @escaping @Sendable (Request) async throws -> Response
    ) {
        self.method = method
        self.pattern = pattern
        self.isUrgent = isUrgent
        self.handler = handler
    }
}
