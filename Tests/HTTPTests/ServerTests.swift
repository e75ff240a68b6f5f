import TestSupport
import Testing

@testable import HTTP

@Suite struct ServerTests {
    @Test("A connection serves many requests, one write each")
    func keepAlive() async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            for _ in 0..<50 {
                try client.send(RawConnection.get("/"))
                let answer = try client.receiveAnswer()
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nDate: "))
                #expect(answer.hasSuffix("\r\n\r\nroot"))
                #expect(answer.contains("X-Content-Type-Options: nosniff\r\n"))
            }
        }
    }

    @Test("Pipelined answers come in order, slow ones among them")
    func pipelining() async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            let bodies = (0..<40).map { $0 % 10 == 0 ? "after 40" : "root" }
            let requests = (0..<40).map {
                RawConnection.get($0 % 10 == 0 ? "/after/40" : "/")
            }
            let post = RawConnection.post("/echo", "Content-Length: 2\r\n", "hi")
            try client.send(requests.joined() + post + RawConnection.get("/"))
            for body in bodies + ["hi", "root"] {
                #expect(try client.receiveAnswer().hasSuffix("\r\n\r\n" + body))
            }
        }
    }

    @Test("At most `pipelinedMax` requests run at once")
    func pipelineLimit() async throws {
        try await ServerFixture { $0.pipelinedMax = 4 }.run { fixture in
            let client = try fixture.connect()
            try client.send(String(repeating: RawConnection.get("/after/100"), count: 8))
            for _ in 0..<8 { _ = try client.receiveAnswer() }
            #expect(fixture.witness.count("side by side") == 4)
        }
    }

    @Test("HEAD has the head of GET and no body; 204 has no length")
    func head() async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            try client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + RawConnection.get("/empty"))
            let head = try client.receive(until: "\r\n\r\n")
            #expect(head.contains("Content-Length: 4\r\n"))
            let empty = try client.receive(until: "\r\n\r\n")
            #expect(empty.hasPrefix("HTTP/1.1 204 No Content\r\n"))
            #expect(!empty.contains("Content-Length") && !empty.contains("Transfer-Encoding"))
        }
    }

    @Test("HTTP/1.0 closes unless kept alive, and never sees a chunk")
    func version10() async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            try client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try client.receiveAnswer().contains("Connection: keep-alive\r\n"))
            try client.send("GET /stream HTTP/1.0\r\n\r\n")
            let answer = try client.receiveAll()
            #expect(answer.hasSuffix("\r\n\r\nonetwothree"))
            #expect(answer.contains("Connection: close\r\n") && !answer.contains("chunked"))
        }
    }

    @Test("A stream is chunked and the connection lives on; a torn one is cut off")
    func streams() async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            try client.send(RawConnection.get("/stream") + RawConnection.get("/torn"))
            let whole = try client.receive(until: "\r\n0\r\n\r\n")
            #expect(whole.contains("Transfer-Encoding: chunked\r\n"))
            #expect(whole.hasSuffix("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n"))
            #expect(try client.receiveAll().hasSuffix("\r\n\r\n4\r\nhalf\r\n"))
        }
    }

    @Test("The wire's own refusals look like every other error, and close")
    func refusals() async throws {
        try await ServerFixture().run { fixture in
            let cases = [
                ("GET / HTTP/1.1\r\n\r\n", "400"), ("\u{16}\u{3}\u{1}", "400"),
                ("GET / HTTP/2.0\r\n\r\n", "505"), ("TRACE / HTTP/1.1\r\n\r\n", "501"),
                ("GET /" + String(repeating: "a", count: 9000), "414"),
                (RawConnection.get("/", "A: " + String(repeating: "a", count: 9000)), "431"),
                (RawConnection.post("/echo", "Expect: x\r\nContent-Length: 3\r\n"), "417"),
            ]
            for (text, code) in cases {
                let client = try fixture.connect()
                try client.send(RawConnection.get("/") + text + RawConnection.get("/"))
                #expect(try client.receiveAnswer().hasSuffix("root"))
                let rest = try client.receiveAll()
                #expect(rest.hasPrefix("HTTP/1.1 \(code) ") && rest.contains("problem: "))
                #expect(rest.contains("Connection: close\r\n") && !rest.hasSuffix("root"))
            }
        }
    }

    @Test("Request ids, peer and host reach the handler")
    func context() async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            try client.send(RawConnection.get("/peer", "X-Request-Id: abc.1\r\n"))
            let answer = try client.receiveAnswer()
            #expect(answer.contains("X-Request-Id: abc.1\r\n"))
            #expect(answer.hasSuffix("127.0.0.1 localhost abc.1"))
            try client.send(RawConnection.get("/peer", "X-Request-Id: a b\r\n"))
            #expect(try !client.receiveAnswer().contains("a b"))
        }
    }

    @Test("Several reactors share a port")
    func reactors() async throws {
        try await ServerFixture(threads: 3).run { fixture in
            for _ in 0..<30 {
                let client = try fixture.connect()
                try client.send(RawConnection.get("/", "Connection: close\r\n"))
                #expect(try client.receiveAll().hasSuffix("root"))
            }
        }
    }
}
