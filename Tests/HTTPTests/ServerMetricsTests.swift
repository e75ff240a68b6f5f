internal import Foundation
internal import Sockets
import TestSupport
import Testing

@testable import HTTP

@Suite struct ServerMetricsTests {
    @Test("Requests are counted by route pattern, method and status, with their time")
    func requests() async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            try client.send(
                RawConnection.get("/") + RawConnection.get("/after/1")
                    + RawConnection.get("/after/2") + RawConnection.get("/none")
                    + "HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            let received = try client.receiveAll()
            let snapshot = fixture.metrics.snapshot()
            func count(_ route: String, _ method: HTTP.Method, _ status: Int) -> UInt64? {
                snapshot.requests[RequestSeries(route: route, method: method, status: status)]
            }
            #expect(count("/", .get, 200) == 1 && count("/", .head, 200) == 1)
            #expect(count("/after/{milliseconds}", .get, 200) == 2)
            #expect(count("", .get, 404) == 1)
            let histogram = try #require(snapshot.durations["/after/{milliseconds}"])
            #expect(histogram.count == 2 && histogram.sum >= 0.003)
            #expect(histogram.counts.reduce(0, +) == 2)
            #expect(histogram.counts[0] == 0, "nothing that waits a millisecond took a half one")
            #expect(snapshot.requestsInFlight == 0)
            #expect(snapshot.connectionsAccepted == 1)
            #expect(snapshot.sentBytes == UInt64(received.utf8.count))
        }
    }

    @Test("The gauge of open connections goes up and down")
    func connections() async throws {
        try await ServerFixture(threads: 2).run { fixture in
            let clients = try (0..<5).map { _ in try fixture.connect() }
            for client in clients {
                try client.send(RawConnection.get("/"))
                _ = try client.receiveAnswer()
            }
            #expect(fixture.metrics.snapshot().connectionsOpen == 5)
            for client in clients { client.close() }
            #expect(fixture.counts { $0.connectionsOpen == 0 })
            #expect(fixture.metrics.snapshot().connectionsAccepted == 5)
        }
    }

    @Test(
        "A refusal is counted under its reason, once",
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", Rejection.malformed),
            ("GET / HTTP/2.0\r\n\r\n", .version),
            ("BREW / HTTP/1.1\r\n\r\n", .method),
            (RawConnection.get("/", "Expect: x\r\n"), .expectation),
            ("GET /" + String(repeating: "a", count: 9000), .requestLineBytes),
            (RawConnection.get("/", "A: " + String(repeating: "a", count: 9000)), .fieldBytes),
            (
                RawConnection.get(
                    "/",
                    String(repeating: "A: \(String(repeating: "a", count: 7000))\r\n", count: 5)),
                .headerBytes
            ),
            (RawConnection.get("/", String(repeating: "A: b\r\n", count: 101)), .fieldCount),
            (RawConnection.post("/echo", "Content-Length: 500000\r\n"), .bodyBytes),
            (
                RawConnection.post(
                    "/echo", "Transfer-Encoding: chunked\r\n",
                    "1;" + String(repeating: "e", count: 17_000)), .chunkExtensionBytes
            ),
        ])
    func rejections(text: String, reason: Rejection) async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            try client.send(text)
            _ = try client.receiveAll()
            let counted = fixture.metrics.snapshot().rejections.filter { $0.value > 0 }
            #expect(counted == [reason: 1])
            #expect(Rejection.wire.contains(reason))
        }
    }

    @Test("A record of each request is handed out, without its path; a cut stream is not whole")
    func records() async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            try client.send(
                RawConnection.post(
                    "/echo", "X-Request-Id: r1\r\ntraceparent: t\r\nContent-Length: 3\r\n", "abc"))
            _ = try client.receiveAnswer()
            try client.send(RawConnection.get("/torn"))
            _ = try client.receiveAll()
            let records = fixture.records.withLock { $0 }
            #expect(records.count == 2)
            let first = try #require(records.first)
            #expect(first.id == "r1" && first.traceParent == "t" && first.peer == "127.0.0.1")
            #expect(first.receivedBytes == 3 && first.sentBytes == 3 && first.status == 200)
            #expect(first.isWhole && first.route == "/echo" && first.method == .post)
            #expect(records.allSatisfy { $0.seconds > 0 && $0.seconds < 10 })
            #expect(records.last?.isWhole == false && records.last?.sentBytes == 4)
        }
    }
}
