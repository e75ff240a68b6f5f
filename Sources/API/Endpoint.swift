package import HTTP
package import Store

/// A line of the registry: what answers, and who may ask. There is no default for the latter, so
/// that no route can forget it.
package struct Endpoint: Sendable {
    package enum Access: Sendable, Equatable {
        /// Everyone, without a key.
        case open
        /// Any valid key.
        case anyKey
        /// A key with one of these scopes.
        case scopes(Set<KeyScope>)
    }

    package var access: Access
    package var method: Method
    package var pattern: String
    /// With whom it shares places.
    package var routeClass: RouteClass
    /// Answered before all others on its reactor.
    package var isUrgent: Bool { routeClass == .health }
    package var handler: @Sendable (Request) async throws -> Response

    init(
        _ access: Access, _ method: Method, _ pattern: String,
        as routeClass: RouteClass = .other,
        _ handler: @escaping @Sendable (Request) async throws -> Response
    ) {
        self.access = access
        self.method = method
        self.pattern = pattern
        self.routeClass = routeClass
        self.handler = handler
    }

    init(
        _ scopes: Set<KeyScope>, _ method: Method, _ pattern: String,
        as routeClass: RouteClass = .other,
        _ handler: @escaping @Sendable (Request) async throws -> Response
    ) {
        self.init(.scopes(scopes), method, pattern, as: routeClass, handler)
    }
}
