internal import Foundation
import TestSupport
import Testing

@testable import HTTP

@Suite struct ServerBodyTests {
    static func residentBytes() -> Int {
        let statm = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (statm.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }

    @Test("A chunked upload of 20 MB streams through a small buffer")
    func upload() async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            try client.send(RawConnection.post("/count", "Transfer-Encoding: chunked\r\n"))
            let piece = [UInt8](repeating: 0x61, count: 50_000)
            for _ in 0..<400 { try client.send(Array("C350\r\n".utf8) + piece + [13, 10]) }
            try client.send("0\r\n\r\n")
            #expect(try client.receiveAnswer().hasSuffix("\r\n\r\n20000000"))
            #expect(fixture.witness.count("largest") <= 128 * 1024)
        }
    }

    @Test("A handler that does not read stops the client from sending")
    func backpressure() async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            try client.send(RawConnection.post("/hold", "Content-Length: 60000000\r\n"))
            let piece = [UInt8](repeating: 0x61, count: 1_000_000)
            let start = ContinuousClock.now
            try client.send(piece + piece)
            for _ in 0..<10 { try client.send(piece) }
            // The kernel's buffers hold a few megabytes; the rest waits for the handler.
            #expect(ContinuousClock.now - start >= .milliseconds(200))
            for _ in 0..<48 { try client.send(piece) }
            #expect(try client.receiveAnswer().hasSuffix("\r\n\r\n60000000"))
        }
    }

    @Test(
        "A body arrives whole when a slow handler finds its buffer just full",
        arguments: [1, 1023, 1024, 1025, 2048, 3000, 4096])
    func fullBuffer(bytes: Int) async throws {
        try await ServerFixture { $0.bodyBufferBytesMax = 1024 }.run { fixture in
            let client = try fixture.connect()
            try client.send(RawConnection.post("/hold", "Content-Length: \(bytes)\r\n"))
            try client.send([UInt8](repeating: 0x61, count: bytes))
            #expect(try client.receiveAnswer().hasSuffix("\r\n\r\n\(bytes)"))
        }
    }

    @Test("Expect: 100-continue is answered 100 only when the body will be read")
    func expectations() async throws {
        try await ServerFixture().run { fixture in
            let lines = "Expect: 100-continue\r\nContent-Length: 3\r\n"
            let client = try fixture.connect()
            try client.send(RawConnection.post("/echo", lines))
            #expect(try client.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try client.send("abc")
            #expect(try client.receiveAnswer().hasSuffix("abc"))
            try client.send(RawConnection.post("/refuse", lines))
            let refusal = try client.receiveAll()
            #expect(refusal.hasPrefix("HTTP/1.1 401 ") && refusal.contains("Connection: close"))
            let large = try fixture.connect()
            try large.send(
                RawConnection.post(
                    "/echo", "Expect: 100-continue\r\nContent-Length: 5000\r\n"))
            #expect(try large.receiveAll().hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test("After an early answer a small body is read away and the connection kept")
    func smallRest() async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            try client.send(RawConnection.post("/refuse", "Content-Length: 20000\r\n"))
            #expect(try client.receiveAnswer().hasPrefix("HTTP/1.1 401 "))
            try client.send(String(repeating: "x", count: 20_000) + RawConnection.get("/"))
            #expect(try client.receiveAnswer().hasSuffix("root"))
        }
    }

    @Test("After an early answer to a large body the client can read it, then it is closed")
    func largeRest() async throws {
        try await ServerFixture { $0.lingerSeconds = 1 }.run { fixture in
            let client = try fixture.connect()
            try client.send(RawConnection.post("/echo", "Content-Length: 900000\r\n"))
            try client.send([UInt8](repeating: 0x61, count: 900_000))
            let answer = try client.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 413 ") && answer.contains("Connection: close"))
        }
    }

    @Test("A body past its limit without a length is refused at the byte that passes")
    func chunkedLimit() async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            try client.send(
                RawConnection.post(
                    "/echo", "Transfer-Encoding: chunked\r\n",
                    "3e9\r\n" + String(repeating: "x", count: 1001)))
            #expect(try client.receiveAll().hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test(
        "A body that breaks off or breaks the coding is a 400",
        arguments: [
            ("Content-Length: 10\r\n", "abc"), ("Transfer-Encoding: chunked\r\n", "3\r\nabc"),
            ("Transfer-Encoding: chunked\r\n", "3\r\nabcd\r\n0\r\n\r\n"),
        ])
    func broken(lines: String, body: String) async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            try client.send(RawConnection.post("/echo", lines, body))
            client.finishSending()
            #expect(try client.receiveAll().hasPrefix("HTTP/1.1 400 "))
        }
    }
}
