/// A method, a pattern and what answers them.
package struct Route: Sendable {
    package var method: Method
    /// Segments, of which `{name}` takes any one: `/v1/runs/{id}`.
    package var pattern: String
    package var handler: @Sendable (Request) async throws -> Response

    package init(
        _ method: Method, _ pattern: String,
        _ handler: @escaping @Sendable (Request) async throws -> Response
    ) {
        self.method = method
        self.pattern = pattern
        self.handler = handler
    }
}
