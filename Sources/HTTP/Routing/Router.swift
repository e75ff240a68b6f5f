/// Matches method and path. 404, 405 with Allow, OPTIONS and HEAD-from-GET are made here.
package struct Router: Sendable {
    /// A pattern and its handlers. An object, because every request is handed one.
    final class Resource: Sendable {
        let pattern: RoutePattern
        let name: String
        /// Its place in `routeNames`.
        let number: Int
        let isUrgent: Bool
        /// By `Method.number`.
        private let handlers: [Route.Handler?]

        init(_ route: Route, number: Int) {
            pattern = RoutePattern(route.pattern)
            name = route.pattern
            self.number = number
            isUrgent = route.isUrgent
            handlers = Method.allCases.map { $0 == route.method ? route.handler : nil }
        }

        /// `other` with one more route of its pattern.
        init(_ other: Resource, adding route: Route) {
            pattern = other.pattern
            name = other.name
            number = other.number
            isUrgent = other.isUrgent || route.isUrgent
            var handlers = other.handlers
            handlers[route.method.number] = route.handler
            self.handlers = handlers
        }

        /// HEAD is answered by GET where it has no handler of its own.
        func handler(for method: Method) -> Route.Handler? {
            handlers[method.number]
                ?? (method == .head ? handlers[Method.get.number] : nil)
        }

        /// The value of Allow.
        var allow: String {
            Method.allCases.filter { $0 == .options || handler(for: $0) != nil }
                .map(\.rawValue).sorted().joined(separator: ", ")
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
        let index = patterned.firstIndex { $0.name == route.pattern }
        let known = exact[route.pattern] ?? index.map { patterned[$0] }
        let resource =
            known.map { Resource($0, adding: route) } ?? Resource(route, number: routeNames.count)
        if known == nil { routeNames.append(route.pattern) }
        if resource.pattern.parameterCount == 0 {
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

    /// The answer to a request that needs no task; nil when it does.
    func respondImmediately(
        to request: Request, by match: Match
    ) -> (response: Response, rejection: Rejection?)? {
        guard case .resource(let resource) = match,
            case .immediate(let handler) = resource.handler(for: request.method)
        else { return nil }
        if let response = before(request) { return (response, nil) }
        do {
            if let malformation = request.malformation { throw malformation }
            return (try handler(request), nil)
        } catch {
            return (problem(error, request), (error as? HTTPError)?.rejection)
        }
    }

    /// An error's answer, for what never became a request.
    func rendered(_ error: any Error, _ request: Request) -> Response { problem(error, request) }

    private func respond(to request: Request, by resource: Resource) async throws -> Response {
        switch resource.handler(for: request.method) {
        case .task(let handler): return try await handler(request)
        case .immediate(let handler): return try handler(request)
        case nil: return withoutHandler(request, resource)
        }
    }

    private func withoutHandler(_ request: Request, _ resource: Resource) -> Response {
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
