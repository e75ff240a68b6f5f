internal import Foundation
internal import Sockets
import TestSupport

@testable import HTTP

/// What happened in handlers, for the test to look at.
final class Witness: Sendable {
    private let counts = Guarded<[String: Int]>([:])

    func note(_ name: String, _ amount: Int = 1) {
        counts.withLock { $0[name, default: 0] += amount }
    }

    func count(_ name: String) -> Int { counts.withLock { $0[name] ?? 0 } }

    /// Waits until it was noted `times` times; false after `seconds`. Blocks its thread.
    func awaits(_ name: String, times: Int = 1, seconds: Double = 30) -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            if count(name) >= times { return true }
            Thread.sleep(forTimeInterval: 0.005)
        }
        return false
    }
}

/// A running server with the routes that the tests need.
final class ServerFixture: Sendable {
    let server: Server
    let witness = Witness()
    let metrics = ServerMetrics()
    let records = Guarded<[RequestRecord]>([])
    var port: UInt16 { server.port }

    init(
        threads: Int = 1, tls: TLSSettings? = nil, _ change: (inout ServerLimits) -> Void = { _ in }
    ) throws {
        var limits = ServerLimits()
        change(&limits)
        let records = self.records
        server = try Server(
            host: "127.0.0.1", port: 0, threads: threads, limits: limits, tls: tls,
            metrics: metrics,
            onRequest: { record in records.withLock { $0.append(record) } },
            router: Self.router(witness))
        server.start()
    }

    /// Runs the test's blocking half on a thread, then ends the server.
    func run(_ body: @escaping @Sendable (ServerFixture) throws -> Void) async throws {
        do {
            try await onThread { try body(self) }
        } catch {
            await server.drain(seconds: 0)
            throw error
        }
        await server.drain(seconds: 0)
    }

    /// Waits until what is counted satisfies `condition`: a client may learn of an end before the
    /// server has counted it. Blocks its thread.
    func counts(_ condition: (MetricsSnapshot) -> Bool) -> Bool {
        let end = Date().addingTimeInterval(30)
        while Date() < end {
            if condition(metrics.snapshot()) { return true }
            Thread.sleep(forTimeInterval: 0.002)
        }
        return false
    }

    func connect(receiveBufferBytes: Int32? = nil) throws -> RawConnection {
        try RawConnection(port: port, receiveBufferBytes: receiveBufferBytes)
    }

    private static func router(_ witness: Witness) -> Router {
        let text: @Sendable (String) -> Response = { Response(200, body: .bytes(Array($0.utf8))) }
        return Router(
            [
                Route(.get, "/") { _ in text("root") },
                .immediate(.get, "/plain") { _ in text("plain") },
                Route(.get, "/livez", isUrgent: true) { _ in text("alive") },
                Route(.get, "/certificate") {
                    text("\($0.isSecure) \($0.clientCertificate ?? "none")")
                },
                Route(.get, "/spin") { _ in
                    let end = ContinuousClock.now + .milliseconds(10)
                    while ContinuousClock.now < end {}
                    witness.note("spun")
                    return text("spun")
                },
                Route(.get, "/empty") { _ in Response(204) },
                Route(.get, "/peer") { text("\($0.peer) \($0.host) \($0.id)") },
                Route(.get, "/after/{milliseconds}") { request in
                    let wait = request.parameters["milliseconds"].flatMap { Int($0) } ?? 0
                    witness.note("running")
                    defer { witness.note("running", -1) }
                    witness.note(
                        "side by side",
                        max(
                            0, witness.count("running") - witness.count("side by side")))
                    do {
                        try await Task.sleep(for: .milliseconds(wait))
                    } catch {
                        witness.note("cancelled")
                        throw error
                    }
                    return text("after \(wait)")
                },
                Route(.post, "/echo") {
                    let body = try await $0.body.collect(upTo: 1000)
                    witness.note("echoed")
                    return text(String(decoding: body, as: UTF8.self))
                },
                Route(.post, "/refuse") { _ in Response(401) },
                Route(.post, "/count") { request in
                    var count = 0
                    for try await piece in request.body {
                        witness.note("largest", max(0, piece.count - witness.count("largest")))
                        count += piece.count
                    }
                    return text("\(count)")
                },
                Route(.post, "/hold") { request in
                    try await Task.sleep(for: .milliseconds(300))
                    return text("\(try await request.body.collect(upTo: 1 << 30).count)")
                },
                Route(.get, "/stream") { _ in
                    Response(
                        200,
                        body: .stream { writer in
                            for piece in ["one", "two", "three"] {
                                try await writer.write(Array(piece.utf8))
                            }
                        })
                },
                Route(.get, "/torn") { _ in
                    Response(
                        200,
                        body: .stream { writer in
                            try await writer.write(Array("half".utf8))
                            throw HTTPError(500, "torn")
                        })
                },
                Route(.get, "/endless") { _ in endless(witness) },
            ],
            before: { _ in nil },
            problem: { error, _ in
                let known = error as? HTTPError ?? HTTPError(500, "unknown")
                return Response(
                    known.status.code, body: .bytes(Array("problem: \(known.reason)".utf8)))
            })
    }

    private static func endless(_ witness: Witness) -> Response {
        Response(
            200,
            body: .stream { writer in
                do {
                    while true {
                        try await writer.write([UInt8](repeating: 0x61, count: 10_000))
                        witness.note("written", 10_000)
                        await Task.yield()
                    }
                } catch {
                    witness.note("left")
                    throw error
                }
            })
    }
}

extension RawConnection {
    /// One answer with Content-Length, as a whole.
    func receiveAnswer() throws -> String {
        let head = try receive(until: "\r\n\r\n")
        guard
            let line = head.split(separator: "\r\n").first(where: {
                $0.hasPrefix("Content-Length: ")
            }), let length = Int(line.dropFirst(16)), length > 0
        else { return head }
        return head + (try receive(count: length))
    }

    static func get(_ path: String, _ lines: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(lines)\r\n"
    }

    static func post(_ path: String, _ lines: String, _ body: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(lines)\r\n\(body)"
    }
}
