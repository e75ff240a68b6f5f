/// Matches method and path. 404, 405 with Allow, OPTIONS and HEAD-from-GET are made here.
package struct Router: Sendable {
    struct Resource: Sendable {
        let pattern: RoutePattern
        let name: String
        /// Its place in `routeNames`.
        let number: Int
        var isUrgent = false
        var handlers: [Method: @Sendable (Request) async throws -> Response]

        /// The value of Allow.
        var allow: String {
            var methods = Set(handlers.keys).union([.options])
            if methods.contains(.get) { methods.insert(.head) }
            return methods.map(\.rawValue).sorted().joined(separator: ", ")
        }
    }
    /// What a request is for, found before its handler starts.
    enum Match: Sendable {
        case resource(Resource)
        /// `OPTIONS *`.
        case server
        case refused(HTTPError)

        /// The place of its pattern in `routeNames`; 0 when there is none.
        var number: Int { if case .resource(let resource) = self { resource.number } else { 0 } }

        var isUrgent: Bool {
            if case .resource(let resource) = self { resource.isUrgent } else { false }
        }
    }

    /// Patterns by number; the first is "", for requests that match none.
    private(set) var routeNames = [""]

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
        for route in routes { add(route) }
        patterned.sort { $0.pattern.parameterCount < $1.pattern.parameterCount }
    }

    private mutating func add(_ route: Route) {
        let pattern = RoutePattern(route.pattern)
        let index = patterned.firstIndex { $0.name == route.pattern }
        var resource =
            exact[route.pattern] ?? index.map { patterned[$0] }
            ?? Resource(
                pattern: pattern, name: route.pattern, number: routeNames.count, handlers: [:])
        if resource.number == routeNames.count { routeNames.append(route.pattern) }
        resource.handlers[route.method] = route.handler
        if route.isUrgent { resource.isUrgent = true }
        if pattern.parameterCount == 0 {
            exact[route.pattern] = resource
        } else if let index {
            patterned[index] = resource
        } else {
            patterned.append(resource)
        }
    }

    /// Answers; errors go through `problem`.
    package func respond(to request: Request) async -> Response {
        var request = request
        let match = match(&request)
        return await respond(to: request, by: match).response
    }

    /// Answers a request that was matched; with what the server counts it as, if anything.
    func respond(
        to request: Request, by match: Match
    ) async -> (response: Response, rejection: Rejection?) {
        if let response = before(request) { return (response, nil) }
        do {
            if let malformation = request.malformation { throw malformation }
            switch match {
            case .server: return (Self.options(Self.allMethods), nil)
            case .refused(let error): throw error
            case .resource(let resource):
                return (try await respond(to: request, by: resource), nil)
            }
        } catch {
            return (problem(error, request), (error as? HTTPError)?.rejection)
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

    /// Finds the route, and notes it and the path's parameters in the request.
    func match(_ request: inout Request) -> Match {
        if let resource = exact[request.path] {
            request.route = resource.name
            return .resource(resource)
        }
        if request.path == "*" { return .server }
        do throws(HTTPError) {
            let path = try PathSegments(request.path)
            for resource in patterned {
                guard let parameters = resource.pattern.match(path) else { continue }
                request.route = resource.name
                request.parameters = parameters
                return .resource(resource)
            }
            return .refused(PathSegments.notFound)
        } catch {
            return .refused(error)
        }
    }

    private static let allMethods = Method.allCases.map(\.rawValue).joined(separator: ", ")

    private static func options(_ allow: String) -> Response {
        var fields = Fields()
        fields["Allow"] = allow
        return Response(204, fields)
    }
}
