// STUB CONTRACT, owner: http. Split into Messages/ Parsing/ Routing/ Serving/.

package struct Status: Sendable, Equatable { package var code: Int; package init(_ code: Int) { self.code = code } }
package enum Method: String, Sendable { case get = "GET", head = "HEAD", post = "POST", put = "PUT", patch = "PATCH", delete = "DELETE", options = "OPTIONS" }

/// Field lines in order. Names compare case-insensitively (ASCII). Values with CR, LF or NUL cannot be added.
package struct Fields: Sendable, Equatable {
    package init() {}
    package subscript(_ name: String) -> String? { get { fatalError("stub") } set { fatalError("stub") } }
    package mutating func append(_ name: String, _ value: String) { fatalError("stub") }
}

package struct Request: Sendable {
    package var method: Method
    package var path: String              // decoded-checked path without query
    package var query: [(name: String, value: String)]   // percent-decoded
    package var fields: Fields
    package var parameters: [String: String]  // from the route pattern
    package var body: RequestBody
    package var peer: String               // address without port
    package var id: String                 // X-Request-Id: taken from the client when [A-Za-z0-9._-]{1,64}, else made
}

package struct HTTPError: Error, Sendable { package var status: Status; package var reason: String; package init(_ code: Int, _ reason: String) { status = Status(code); self.reason = reason } }

/// The body as it arrives (backpressure: reading stops when the consumer does). At most one consumer.
package struct RequestBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package struct AsyncIterator: AsyncIteratorProtocol { package mutating func next() async throws -> [UInt8]? { fatalError("stub") } }
    package func makeAsyncIterator() -> AsyncIterator { fatalError("stub") }
    /// All bytes; throws HTTPError 413 past the limit.
    package func collect(upTo limit: Int) async throws -> [UInt8] { fatalError("stub") }
    package var declaredLength: Int? { fatalError("stub") }
}

package struct Response: Sendable {
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// Chunked (or close-delimited for 1.0). The task is cancelled when the client leaves.
        case stream(@Sendable (StreamWriter) async throws -> Void)
    }
    package var status: Status; package var fields: Fields; package var body: Body
    package init(_ code: Int, _ fields: Fields = Fields(), body: Body = .none) { self.status = Status(code); self.fields = fields; self.body = body }
}
package struct StreamWriter: Sendable {
    /// Suspends while the output buffer is full; throws CancellationError when the client left or stalled.
    package func write(_ bytes: [UInt8]) async throws { fatalError("stub") }
}

package struct Route: Sendable {
    package var method: Method; package var pattern: String      // "/v1/runs/{id}"
    package var handler: @Sendable (Request) async throws -> Response
    package init(_ method: Method, _ pattern: String, _ handler: @escaping @Sendable (Request) async throws -> Response) { self.method = method; self.pattern = pattern; self.handler = handler }
}

/// Matches method + path. 404 / 405 with Allow / OPTIONS / HEAD from GET are made here, through `problem`.
package struct Router: Sendable {
    /// `wrap` runs around every matched or unmatched request (auth); `problem` renders errors (the product's problem+json); it must not throw.
    package init(_ routes: [Route], before: @escaping @Sendable (Request) -> Response?, problem: @escaping @Sendable (any Error, Request) -> Response) { fatalError("stub") }
    package func respond(to request: Request) async -> Response { fatalError("stub") }
}

package struct ServerLimits: Sendable {
    package var headerBytesMax = 32 * 1024, requestLineBytesMax = 8 * 1024, fieldBytesMax = 8 * 1024, fieldCountMax = 100
    package var headerSeconds = 10.0, bodyIdleSeconds = 30.0, keepAliveSeconds = 75.0, writeStallSeconds = 60.0
    package var connectionsMax = 16_384, outputBytesMax = 256 * 1024, pipelinedMax = 16
    package init() {}
}

/// Reactor threads with their own listeners (SO_REUSEPORT).
package final class Server: Sendable {
    package init(host: String, port: UInt16, threads: Int, limits: ServerLimits = ServerLimits(), router: Router) throws { fatalError("stub") }
    /// The bound port (for port 0).
    package var port: UInt16 { fatalError("stub") }
    package func start() { fatalError("stub") }
    /// Stops accepting, lets requests finish up to `seconds`, then closes.
    package func drain(seconds: Double) async { fatalError("stub") }
}
