/// Matches method and path. 404, 405 with Allow, OPTIONS and HEAD-from-GET are made here.
package struct Router: Sendable {
    private struct Resource: Sendable {
        let pattern: RoutePattern
        let name: String
        var handlers: [Method: @Sendable (Request) async throws -> Response]

        /// The value of Allow.
        var allow: String {
            var methods = Set(handlers.keys).union([.options])
            if methods.contains(.get) { methods.insert(.head) }
            return methods.map(\.rawValue).sorted().joined(separator: ", ")
        }
    }
    private enum Target {
        case resource(Resource)
        /// `OPTIONS *`.
        case server
    }

    private var exact: [String: Resource] = [:]
    private var patterned: [Resource] = []
    private let before: @Sendable (Request) -> Response?
    private let problem: @Sendable (any Error, Request) -> Response

    /// - Parameters:
    ///   - before: runs before every request, matched or not; its answer, if any, is final. It
    ///     sees `route` and `parameters` of the match.
    ///   - problem: renders every error, those of the wire included.
    package init(
        _ routes: [Route], before: @escaping @Sendable (Request) -> Response?,
        problem: @escaping @Sendable (any Error, Request) -> Response
    ) {
        self.before = before
        self.problem = problem
        for route in routes {
            let pattern = RoutePattern(route.pattern)
            if pattern.parameterCount == 0 {
                exact[route.pattern, default: Self.resource(route, pattern)]
                    .handlers[route.method] = route.handler
            } else if let index = patterned.firstIndex(where: { $0.name == route.pattern }) {
                patterned[index].handlers[route.method] = route.handler
            } else {
                var resource = Self.resource(route, pattern)
                resource.handlers[route.method] = route.handler
                patterned.append(resource)
            }
        }
        patterned.sort { $0.pattern.parameterCount < $1.pattern.parameterCount }
    }

    /// Answers; errors go through `problem`.
    package func respond(to request: Request) async -> Response {
        var request = request
        let target: Result<Target, HTTPError>
        do throws(HTTPError) {
            target = .success(try match(&request))
        } catch {
            target = .failure(error)
        }
        if let response = before(request) { return response }
        do {
            if let malformation = request.malformation { throw malformation }
            switch try target.get() {
            case .server: return Self.options(Self.allMethods)
            case .resource(let resource): return try await respond(to: request, by: resource)
            }
        } catch {
            return problem(error, request)
        }
    }

    /// An error's answer, for what never became a request.
    func rendered(_ error: any Error, _ request: Request) -> Response { problem(error, request) }

    private func respond(to request: Request, by resource: Resource) async throws -> Response {
        let handler =
            resource.handlers[request.method]
            ?? (request.method == .head ? resource.handlers[.get] : nil)
        if let handler { return try await handler(request) }
        if request.method == .options { return Self.options(resource.allow) }
        let allow = resource.allow
        var response = problem(
            HTTPError(405, "The method must be one of \(allow)."), request)
        response.fields["Allow"] = allow
        return response
    }

    private func match(_ request: inout Request) throws(HTTPError) -> Target {
        if let resource = exact[request.path] {
            request.route = resource.name
            return .resource(resource)
        }
        if request.path == "*" { return .server }
        let path = try PathSegments(request.path)
        for resource in patterned {
            guard let parameters = resource.pattern.match(path) else { continue }
            request.route = resource.name
            request.parameters = parameters
            return .resource(resource)
        }
        throw PathSegments.notFound
    }

    private static func resource(_ route: Route, _ pattern: RoutePattern) -> Resource {
        Resource(pattern: pattern, name: route.pattern, handlers: [:])
    }

    private static let allMethods = Method.allCases.map(\.rawValue).joined(separator: ", ")

    private static func options(_ allow: String) -> Response {
        var fields = Fields()
        fields["Allow"] = allow
        return Response(204, fields)
    }
}
