internal import Foundation
import TestSupport
import Testing

@testable import HTTP

@Suite struct TLSTests {
    private static let current: [Int32] = [0x0303, 0x0304]

    private func serve(
        clientAuthorities: Bool = false,
        _ change: @escaping (inout ServerLimits) -> Void = { _ in },
        _ body: @escaping @Sendable (ServerFixture, TLSFolder) throws -> Void
    ) async throws {
        let folder = try await onThread { try TLSFolder() }
        var settings = folder.settings
        if clientAuthorities { settings.clientAuthoritiesFile = folder.certificate }
        try await ServerFixture(tls: settings, change).run { try body($0, folder) }
    }

    @Test("TLS 1.2 and 1.3 with AEAD ciphers serve many requests", arguments: current)
    func versions(version: Int32) async throws {
        try await serve { fixture, _ in
            let client = try TLSClient(port: fixture.port, .init(version: version))
            try client.handshake()
            #expect(client.version == (version == 0x0303 ? "TLSv1.2" : "TLSv1.3"))
            #expect(client.cipher.contains("GCM") || client.cipher.contains("CHACHA20"))
            for _ in 0..<20 {
                try client.send(RawConnection.get("/"))
                #expect(try client.receive(until: "root").hasPrefix("HTTP/1.1 200 OK\r\n"))
            }
            try client.send(RawConnection.get("/certificate"))
            #expect(try client.receive(until: "none").hasSuffix("true none"))
            #expect(fixture.metrics.snapshot().tlsHandshakes == 1)
        }
    }

    @Test("Older versions are refused, and counted", arguments: [Int32(0x0301), 0x0302])
    func oldVersions(version: Int32) async throws {
        try await serve { fixture, _ in
            let client = try TLSClient(port: fixture.port, .init(version: version))
            #expect(throws: (any Error).self) { try client.handshake() }
            #expect(fixture.counts { $0.rejections[.tlsHandshake] == 1 })
        }
    }

    @Test("ALPN is http/1.1 or an alert")
    func protocols() async throws {
        try await serve { fixture, _ in
            let h2: [UInt8] = [2] + Array("h2".utf8)
            let http: [UInt8] = [8] + Array("http/1.1".utf8)
            let both = try TLSClient(port: fixture.port, .init(protocols: h2 + http))
            try both.handshake()
            #expect(both.chosenProtocol == "http/1.1")
            let none = try TLSClient(port: fixture.port)
            try none.handshake()
            #expect(none.chosenProtocol == nil)
            let only = try TLSClient(port: fixture.port, .init(protocols: h2))
            let error = #expect(throws: TLSClient.Failure.self) { try only.handshake() }
            #expect(error?.message.contains("no application protocol") == true)
        }
    }

    @Test("Plain HTTP and noise on the TLS port are closed")
    func plain() async throws {
        try await serve { fixture, _ in
            for text in [RawConnection.get("/"), "\u{0}\u{1}\u{2}", "SSH-2.0-x\r\n"] {
                let client = try fixture.connect()
                try client.send(text + String(repeating: "x", count: 100))
                _ = try? client.receiveAll()
            }
            #expect(fixture.counts { $0.connectionsOpen == 0 })
            let client = try TLSClient(port: fixture.port)
            try client.handshake()
        }
    }

    @Test("A greeting may come in pieces; one that drips is cut off with the header's deadline")
    func pieces() async throws {
        let hasty: (inout ServerLimits) -> Void = { $0.headerSeconds = 3 }
        try await serve(hasty) { fixture, _ in
            let slow = try TLSClient(port: fixture.port, .init(pieceBytes: 7))
            try slow.handshake()
            try slow.send(RawConnection.get("/"))
            #expect(try slow.receive(until: "root").hasSuffix("root"))
            let dripping = try TLSClient(port: fixture.port)
            let greeting = dripping.greeting()
            for byte in greeting.prefix(5) { try dripping.raw.send([byte]) }
            #expect(try dripping.raw.receiveAll().isEmpty)
            #expect(fixture.metrics.snapshot().rejections[.headerSeconds] == 1)
        }
    }

    @Test("The end is said with close_notify", arguments: current)
    func closing(version: Int32) async throws {
        try await serve { fixture, _ in
            let client = try TLSClient(port: fixture.port, .init(version: version))
            try client.handshake()
            try client.send(RawConnection.get("/stream", "Connection: close\r\n"))
            #expect(try client.receiveAll().hasSuffix("\r\n0\r\n\r\n"))
            #expect(client.wasClosed)
        }
    }

    @Test("A body cut off without close_notify runs no handler to its end", arguments: current)
    func truncation(version: Int32) async throws {
        try await serve { fixture, _ in
            let client = try TLSClient(port: fixture.port, .init(version: version))
            try client.handshake()
            try client.send(RawConnection.post("/echo", "Content-Length: 10\r\n", "abc"))
            client.raw.finishSending()
            _ = try? client.receiveAll()
            #expect(fixture.witness.count("echoed") == 0)
            #expect(fixture.counts { $0.rejections[.truncated] == 1 })
        }
    }

    @Test("Large bodies pass both ways", arguments: current)
    func large(version: Int32) async throws {
        try await serve { fixture, _ in
            let client = try TLSClient(port: fixture.port, .init(version: version))
            try client.handshake()
            let body = String(repeating: "a", count: 3_000_000)
            try client.send(RawConnection.post("/count", "Content-Length: 3000000\r\n", body))
            #expect(try client.receive(until: "\r\n\r\n3000000").hasSuffix("3000000"))
        }
    }

    @Test("Renegotiation is refused")
    func renegotiation() async throws {
        try await serve { fixture, _ in
            let client = try TLSClient(port: fixture.port, .init(version: 0x0303))
            try client.handshake()
            #expect(throws: (any Error).self) {
                try client.renegotiate()
                try client.send(RawConnection.get("/"))
                _ = try client.receive(until: "root")
            }
        }
    }

    @Test("Reloaded certificates serve new connections; wrong files change nothing")
    func reload() async throws {
        try await serve { fixture, folder in
            let old = try TLSClient(port: fixture.port)
            try old.handshake()
            try folder.make(serial: 77)
            try fixture.server.reloadCertificates()
            let new = try TLSClient(port: fixture.port)
            try new.handshake()
            #expect(old.serverSerial == 1 && new.serverSerial == 77)
            try Data("no key".utf8).write(to: URL(fileURLWithPath: folder.key))
            #expect(throws: (any Error).self) { try fixture.server.reloadCertificates() }
            let same = try TLSClient(port: fixture.port)
            try same.handshake()
            #expect(same.serverSerial == 77)
            try old.send(RawConnection.get("/"))
            #expect(try old.receive(until: "root").hasSuffix("root"))
        }
    }

    @Test("A client's certificate is verified when it comes, and not demanded", arguments: current)
    func clientCertificates(version: Int32) async throws {
        try await serve(clientAuthorities: true) { fixture, folder in
            let known = try TLSClient(
                port: fixture.port, .init(version: version, certificate: folder))
            try known.handshake()
            try known.send(RawConnection.get("/certificate", "Connection: close\r\n"))
            let answer = try known.receiveAll()
            #expect(answer.wholeMatch(of: /(?s).*true [0-9a-f]{64}/) != nil)
            let none = try TLSClient(port: fixture.port, .init(version: version))
            try none.handshake()
            try none.send(RawConnection.get("/certificate", "Connection: close\r\n"))
            #expect(try none.receiveAll().hasSuffix("true none"))
            let stranger = try TLSClient(
                port: fixture.port, .init(version: version, certificate: try TLSFolder()))
            // In TLS 1.3 the client is done before the server has looked at its certificate.
            _ = try? stranger.handshake()
            try? stranger.send(RawConnection.get("/"))
            #expect((try? stranger.receive(until: "root")) != "root")
            #expect(fixture.counts { $0.rejections[.tlsHandshake] == 1 })
        }
    }

    @Test("Files that are missing or do not belong together are named")
    func files() async throws {
        let (one, other) = try await onThread { (try TLSFolder(), try TLSFolder()) }
        for (certificate, key, named) in [
            ("/nowhere.pem", one.key, "/nowhere.pem"), (one.certificate, other.key, other.key),
        ] {
            let error = #expect(throws: (any Error).self) {
                _ = try ServerFixture(
                    tls: TLSSettings(certificateFile: certificate, keyFile: key))
            }
            #expect("\(error as Any)".contains(named))
        }
    }
}
