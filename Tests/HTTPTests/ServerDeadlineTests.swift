internal import Foundation
import TestSupport
import Testing

@testable import HTTP

@Suite struct ServerDeadlineTests {
    @Test("A header that does not end is a 408, however it is dripped; silence is closed silently")
    func slowHeader() async throws {
        // Longer than a busy machine keeps a client from its first byte: after that it is silent.
        try await ServerFixture {
            $0.headerSeconds = 2
            $0.lingerSeconds = 60
        }.run { fixture in
            let silent = try fixture.connect()
            let client = try fixture.connect()
            try client.send("GET / HTTP/1.1\r\n")
            for _ in 0..<3 {
                Thread.sleep(forTimeInterval: 0.05)
                try? client.send("A: b\r\n")
            }
            #expect(try client.receiveAll().hasPrefix("HTTP/1.1 408 "))
            #expect(try silent.receiveAll().isEmpty)
        }
    }

    @Test("The header of a later request has its own deadline")
    func laterHeader() async throws {
        try await ServerFixture { $0.headerSeconds = 2 }.run { fixture in
            let client = try fixture.connect()
            try client.send(RawConnection.get("/"))
            _ = try client.receiveAnswer()
            Thread.sleep(forTimeInterval: 2.2)
            try client.send(RawConnection.get("/") + "GE")
            #expect(try client.receiveAnswer().hasSuffix("root"))
            #expect(try client.receiveAll().hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test("An idle connection is closed in silence")
    func idle() async throws {
        try await ServerFixture { $0.keepAliveSeconds = 0.2 }.run { fixture in
            let client = try fixture.connect()
            try client.send(RawConnection.get("/"))
            _ = try client.receiveAnswer()
            #expect(try client.receiveAll().isEmpty)
        }
    }

    @Test("A body that pauses too long, or drips below the average, is a 408")
    func slowBody() async throws {
        try await ServerFixture {
            $0.bodyIdleSeconds = 0.3
            $0.lingerSeconds = 60
        }.run { fixture in
            let client = try fixture.connect()
            try client.send(RawConnection.post("/echo", "Content-Length: 10\r\n", "abc"))
            #expect(try client.receiveAll().hasPrefix("HTTP/1.1 408 "))
            let drip = try fixture.connect()
            try drip.send(RawConnection.post("/echo", "Content-Length: 100\r\n"))
            for _ in 0..<4 {
                Thread.sleep(forTimeInterval: 0.1)
                try? drip.send("x")
            }
            #expect(try drip.receiveAll().hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test("A client that takes nothing loses its stream after the stall")
    func stall() async throws {
        try await ServerFixture { $0.writeStallSeconds = 0.4 }.run { fixture in
            let client = try fixture.connect(receiveBufferBytes: 4096)
            try client.send(RawConnection.get("/endless"))
            #expect(fixture.witness.awaits("left"))
            // Two buffers of the kernel's and one of ours, not what the writer could produce.
            #expect(fixture.witness.count("written") < 20_000_000)
        }
    }

    @Test("A client that leaves cancels its stream", arguments: [false, true])
    func leaving(byReset: Bool) async throws {
        try await ServerFixture().run { fixture in
            let client = try fixture.connect()
            try client.send(RawConnection.get("/endless"))
            _ = try client.receive()
            if byReset { client.reset() } else { client.close() }
            #expect(fixture.witness.awaits("left"))
        }
    }

    @Test(
        "A client that leaves cancels a handler that computes: a reset at once, a FIN soon",
        arguments: [false, true])
    func leavingComputation(byReset: Bool) async throws {
        try await ServerFixture { $0.halfCloseSeconds = 0.2 }.run { fixture in
            let client = try fixture.connect()
            try client.send(RawConnection.get("/after/20000"))
            #expect(fixture.witness.awaits("running"))
            if byReset { client.reset() } else { client.close() }
            #expect(fixture.witness.awaits("cancelled", seconds: 15))
        }
    }

    @Test("A half-closed client still gets its answer")
    func halfClose() async throws {
        try await ServerFixture { $0.halfCloseSeconds = 60 }.run { fixture in
            let client = try fixture.connect()
            try client.send(RawConnection.get("/after/100") + RawConnection.get("/stream"))
            client.finishSending()
            let answers = try client.receiveAll()
            #expect(answers.contains("after 100") && answers.hasSuffix("0\r\n\r\n"))
        }
    }

    @Test("Beyond the cap the oldest idle connection gives way")
    func cap() async throws {
        try await ServerFixture { $0.connectionsMax = 3 }.run { fixture in
            let clients = try (0..<4).map { _ in
                let client = try fixture.connect()
                try client.send(RawConnection.get("/"))
                _ = try client.receiveAnswer()
                return client
            }
            #expect(try clients[0].receiveAll().isEmpty)
            try clients[1].send(RawConnection.get("/"))
            #expect(try clients[1].receiveAnswer().hasSuffix("root"))
        }
    }

    @Test("Draining answers what is in flight, says close, and takes nobody new")
    func drain() async throws {
        let fixture = try ServerFixture()
        let idle = try await onThread { SendableBox(try fixture.connect()) }
        let answer = Task {
            try await onThread {
                let client = try fixture.connect()
                try client.send(RawConnection.get("/after/2000"))
                return try client.receiveAll()
            }
        }
        #expect(try await onThread { fixture.witness.awaits("running") })
        let start = ContinuousClock.now
        await fixture.server.drain(seconds: 120)
        #expect(ContinuousClock.now - start < .seconds(60))
        let text = try await answer.value
        #expect(text.hasSuffix("after 2000") && text.contains("Connection: close\r\n"))
        #expect(try await onThread { try idle.value.receiveAll() }.isEmpty)
        await #expect(throws: RawConnection.Failure.self) {
            try await onThread { _ = try fixture.connect() }
        }
    }

    @Test("Draining gives up on a handler after its time, and cancels it")
    func impatientDrain() async throws {
        let fixture = try ServerFixture()
        let answer = Task {
            try await onThread {
                let client = try fixture.connect()
                try client.send(RawConnection.get("/after/20000"))
                return try client.receiveAll()
            }
        }
        #expect(try await onThread { fixture.witness.awaits("running") })
        await fixture.server.drain(seconds: 0.2)
        #expect(try await answer.value.isEmpty)
        #expect(try await onThread { fixture.witness.awaits("cancelled") })
    }
}

/// Hands a client from one thread to the next; one uses it at a time.
struct SendableBox<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
