import Foundation
import Glibc
import TestSupport
import Testing

@Suite("The wire, on the real binary", .serialized) struct WireTests {
    @Test("Without descriptors left, the oldest idle connection gives way to the new one")
    func idleGivesWay() async throws {
        try await onThread {
            let echo = try EchoProcess(try TemporaryFolder())
            try echo.limitDescriptors(to: 40)
            let idle = try (0..<60).map { _ in try echo.connect() }
            #expect(try echo.get("/").hasPrefix("HTTP/1.1 200 "))
            #expect(try !echo.get("/counters").contains(#""descriptors":0"#))
            #expect(try idle[0].receiveAll().isEmpty)
            #expect(echo.stop() == 0)
        }
    }

    @Test("Without descriptors left and nobody idle, new clients are closed at once, not hung")
    func nobodyIdle() async throws {
        try await onThread {
            let echo = try EchoProcess(try TemporaryFolder())
            try echo.limitDescriptors(to: 40)
            var busy: [RawConnection] = []
            var refused = 0
            for _ in 0..<60 {
                let client = try RawConnection(port: echo.port, timeoutSeconds: 1)
                do {
                    try client.send(
                        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc")
                    // A client that is served hears nothing yet; one that is not hears the end.
                    if try client.receive().isEmpty { refused += 1 }
                } catch let failure as RawConnection.Failure {
                    if failure.message.hasSuffix(" \(EAGAIN)") {
                        busy.append(client)
                        if busy.count > 2 { continue }
                    } else {
                        refused += 1
                    }
                }
                if refused > 3 { break }
            }
            #expect(refused > 3 && busy.count > 10)
            try busy[0].send("defghi")
            #expect(try busy[0].receive(until: "abcdefghi").hasPrefix("HTTP/1.1 200 "))
            for client in busy { client.close() }
            usleep(200_000)
            #expect(try echo.get("/").hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("Few descriptors are fewer connections: those that are busy do not stop health checks")
    func fewDescriptors() async throws {
        try await onThread {
            let echo = try EchoProcess(try TemporaryFolder(), descriptorsMax: 64)
            var (busy, refused): ([RawConnection], [RawConnection]) = ([], [])
            for _ in 0..<60 {
                let client = try echo.connect()
                try client.send(
                    "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                        + "Content-Length: 9\r\n\r\n")
                let isBusy = try client.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 ")
                if isBusy { busy.append(client) } else { refused.append(client) }
            }
            // Who was refused and does not leave stands in nobody's way.
            #expect(busy.count == 44 && refused.count == 16)
            for _ in 0..<10 { #expect(try echo.get("/livez").hasPrefix("HTTP/1.1 200 ")) }
            #expect(try echo.get("/").hasPrefix("HTTP/1.1 503 "))
            try busy[0].send("abcdefghi")
            #expect(try busy[0].receive(until: "abcdefghi").hasPrefix("HTTP/1.1 200 "))
            #expect(try echo.get("/counters").contains(#""descriptors":0"#))
        }
    }

    @Test("Ten thousand requests on one connection leave the memory as it was")
    func flatMemory() async throws {
        try await onThread {
            let echo = try EchoProcess(try TemporaryFolder())
            let client = try echo.connect()
            let body = String(repeating: "x", count: 500)
            let post =
                "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\n\(body)"
                + "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
            func serve(_ pairs: Int) throws {
                for _ in 0..<pairs {
                    try client.send(post)
                    _ = try client.receive(until: body)
                    _ = try client.receive(until: #""status":"ok"}"#)
                }
            }
            try serve(1000)
            let before = echo.residentBytes
            try serve(5000)
            #expect(abs(echo.residentBytes - before) < 1 << 20)
        }
    }

    @Test("SIGTERM lets a request that has begun finish, takes nobody new, and exits with 0")
    func drain() async throws {
        try await onThread {
            let echo = try EchoProcess(try TemporaryFolder())
            let client = try echo.connect()
            try client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc")
            usleep(200_000)
            echo.signal()
            usleep(200_000)
            #expect(throws: RawConnection.Failure.self) { _ = try echo.connect() }
            try client.send("def")
            let answer = try client.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.hasSuffix("abcdef"))
            #expect(answer.contains("Connection: close\r\n"))
            client.close()
            #expect(echo.awaitExit() == 0)
        }
    }
}
