internal import Foundation
import TestSupport
import Testing

@testable import HTTP

@Suite struct WireTests {
    @Test(
        "Exact bytes get exactly one answer each, whole and byte by byte",
        arguments: WireCases.all)
    func exchange(wire: WireCase) async throws {
        // However slow the machine is, a handler keeps the time that it needs for its answer, and
        // the client that to read it.
        try await ServerFixture {
            $0.halfCloseSeconds = 60
            $0.lingerSeconds = 60
        }.run { fixture in
            for piece in [Int.max, 1] where piece == .max || wire.sent.utf8.count < 400 {
                let client = try fixture.connect()
                try Self.send(wire.sent, by: piece, to: client)
                // A server that keeps the connection ends it when the client does.
                if !wire.closes { client.finishSending() }
                let answers = try WireAnswer.all(try Self.receiveAll(client))
                    .filter { $0.status >= 200 }
                let endsEarly = wire.mayEndEarly && piece == 1 && answers.count == 1
                #expect(answers.map(\.status) == wire.statuses || endsEarly, "\(wire.name)")
                for answer in answers { Self.check(answer) }
                let saysClose = answers.last?.values("Connection") == ["close"]
                #expect(saysClose == wire.closes)
            }
        }
    }

    /// What every answer has, and what none has.
    private static func check(_ answer: WireAnswer) {
        #expect(answer.values("Date").count == 1)
        #expect(answer.values("X-Content-Type-Options") == ["nosniff"])
        #expect(answer.values("Server").isEmpty)
        let framing = answer.values("Content-Length") + answer.values("Transfer-Encoding")
        #expect(framing.count == (answer.status == 204 ? 0 : 1))
        if answer.status == 405 { #expect(answer.values("Allow").count == 1) }
        if answer.status >= 400 { #expect(answer.body.count <= 4096) }
    }

    private static func send(_ text: String, by piece: Int, to client: RawConnection) throws {
        let bytes = Array(text.utf8)
        guard piece < bytes.count else { return try client.send(bytes) }
        // The server may refuse, and reset, before the last byte: what it answered counts.
        for byte in bytes { do { try client.send([byte]) } catch { return } }
    }

    private static func receiveAll(_ client: RawConnection) throws -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let bytes = try client.receive()
            if bytes.isEmpty { return all }
            all += bytes
        }
    }

    @Test("HEAD says what GET would, without the body, and stays in step")
    func head() async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            for path in ["/", "/stream", "/none", "/empty"] {
                try client.send("HEAD \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
                let head = try client.receive(until: "\r\n\r\n")
                try client.send(RawConnection.get(path))
                let get = try client.receive(until: "\r\n\r\n")
                func lines(_ text: String) -> [String] {
                    text.components(separatedBy: "\r\n").filter {
                        !$0.hasPrefix("X-Request-Id") && !$0.hasPrefix("Date")
                    }
                }
                #expect(lines(head) == lines(get))
                if path == "/stream" { _ = try client.receive(until: "\r\n0\r\n\r\n") }
                if path == "/" { _ = try client.receive(count: 4) }
                if path == "/none" {
                    _ = try client.receive(count: "problem: There is nothing at this path.".count)
                }
            }
        }
    }

    @Test("A HEAD that is refused has no body either")
    func refusedHead() async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            try client.send("HEAD / HTTP/1.1\r\n\r\n")
            let answer = try client.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test("100 comes once, before the answer, and not when the body is already there")
    func interim() async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            let lines = "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n"
            try client.send(RawConnection.post("/echo", lines))
            #expect(try client.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try client.send("2\r\nhi\r\n0\r\n\r\n")
            #expect(try client.receiveAnswer().hasSuffix("\r\n\r\nhi"))
            try client.send(RawConnection.post("/echo", lines, "2\r\nho\r\n0\r\n\r\n"))
            #expect(try client.receiveAnswer().hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test("A declared body of a gigabyte that never comes costs no memory")
    func declared() async throws {
        try await ServerFixture().run { fixture in
            let before = ServerBodyTests.residentBytes()
            let clients = try (0..<20).map { _ in
                let client = try fixture.connect()
                try client.send(RawConnection.post("/count", "Content-Length: 999999999\r\n"))
                return client
            }
            try clients[0].send(RawConnection.get("/"))
            // What was sent since is the first of the body.
            #expect(fixture.witness.count("largest") < 64)
            #expect(ServerBodyTests.residentBytes() - before < 20 * 64 * 1024 + 4_000_000)
        }
    }
}
