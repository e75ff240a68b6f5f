internal import Foundation
internal import Sockets
import TestSupport
import Testing

@testable import HTTP

@Suite struct ServerCapacityTests {
    @Test("One address beyond its share is closed at once; those that it has go on")
    func perAddress() async throws {
        try await ServerFixture(threads: 2) {
            $0.connectionsPerAddressMax = 3
            $0.exemptsLoopback = false
        }.run { fixture in
            let clients = try (0..<3).map { _ in try fixture.connect() }
            for client in clients {
                try client.send(RawConnection.get("/"))
                _ = try client.receiveAnswer()
            }
            #expect(try fixture.connect().receiveAll().isEmpty)
            try clients[0].send(RawConnection.get("/"))
            #expect(try clients[0].receiveAnswer().hasSuffix("root"))
            #expect(fixture.metrics.snapshot().rejections[.connectionsPerAddress] == 1)
            clients[1].close()
            #expect(fixture.counts { $0.connectionsOpen < 3 })
            let next = try fixture.connect()
            try next.send(RawConnection.get("/"))
            #expect(try next.receiveAnswer().hasSuffix("root"))
        }
    }

    @Test(
        "Loopback and trusted proxies have no share",
        arguments: [
            ("127.0.0.1", true), ("127.9.9.9", true), ("::1", true), ("10.0.0.1", true),
            ("10.0.0.2", false), ("12.7.0.1", false),
        ])
    func exemptions(address: String, isExempt: Bool) throws {
        var limits = ServerLimits()
        limits.connectionsPerAddressMax = 1
        limits.trustedProxies = ["10.0.0.1"]
        let counts = try #require(AddressCounts(limits))
        #expect(counts.take(address))
        #expect(counts.take(address) == isExempt)
        counts.release(address)
        #expect(counts.take(address))
        #expect(AddressCounts(ServerLimits()) == nil)
    }

    @Test(
        "Connections leave a quarter of the descriptors to files",
        arguments: [
            (Int.max, 4, 16_384, 32),
            (1 << 20, 2, 16_384, 32), (1024, 1, 736, 32), (64, 1, 44, 4), (40, 2, 28, 1),
            (4, 2, 2, 1),
        ])
    func shares(descriptors: Int, reactors: Int, connections: Int, urgent: Int) {
        let limits = ServerLimits().within(descriptors: descriptors, reactors: reactors)
        #expect(limits.connectionsMax == connections)
        #expect(limits.urgentConnectionsMax == urgent)
    }

    @Test("When every connection is at work, health checks are answered and others get 503")
    func full() async throws {
        try await ServerFixture {
            $0.connectionsMax = 2
            $0.urgentConnectionsMax = 4
        }.run { fixture in
            let busy = try (0..<2).map { _ in try fixture.connect() }
            for client in busy { try client.send(RawConnection.get("/after/20000")) }
            #expect(fixture.witness.awaits("running", times: 2))
            let probe = try fixture.connect()
            try probe.send(RawConnection.get("/livez"))
            #expect(try probe.receiveAnswer().hasSuffix("alive"))
            let other = try fixture.connect()
            try other.send(RawConnection.get("/"))
            let answer = try other.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("Connection: close\r\n"))
            // The idle probe gave way to it, and it was refused.
            #expect(fixture.metrics.snapshot().rejections[.connections] == 2)
            other.close()
            busy[0].reset()
            #expect(fixture.counts { $0.connectionsOpen <= 1 })
            let next = try fixture.connect()
            try next.send(RawConnection.get("/"))
            #expect(try next.receiveAnswer().hasSuffix("root"))
        }
    }

    @Test("A health check overtakes the requests that came before it on its reactor")
    func overtaking() async throws {
        try await ServerFixture().run { fixture in
            let crowd = try (0..<40).map { _ in try fixture.connect() }
            for client in crowd {
                try client.send(String(repeating: RawConnection.get("/spin"), count: 3))
            }
            let probe = try fixture.connect()
            try probe.send(RawConnection.get("/livez"))
            #expect(try probe.receiveAnswer().hasSuffix("alive"))
            #expect(fixture.witness.count("spun") < 120, "120 requests of 10 ms came before")
        }
    }
}
