import Foundation
import Glibc
import Synchronization

/// A hub with one GGUF file, of which the first half comes at once and the rest when the test says
/// so. One connection after the other, on a thread of its own. Knows no more of HTTP than it needs.
final class SlowHub: Sendable {
    let port: UInt16
    private let listener: Int32
    private let weights: [UInt8]
    private let sha256: String
    private let state = Mutex((isOpen: false, sent: 0, ranges: [String]()))

    /// What was asked for of the weights, in order; empty for all of them.
    var ranges: [String] { state.withLock { $0.ranges } }
    /// Bytes of the weights that were sent.
    var sent: Int { state.withLock { $0.sent } }

    init(weights path: String) throws {
        weights = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        sha256 = try Self.digest(path)
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, size)
                _ = listen(descriptor, 8)
                _ = getsockname(descriptor, $0, &size)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in
            while case let client = accept(listener, nil, nil), client >= 0 {
                Thread.detachNewThread { [self] in
                    answer(client)
                    close(client)
                }
            }
        }
    }

    /// All of the weights may come.
    func open() { state.withLock { $0.isOpen = true } }

    /// No more connections.
    func stop() {
        open()
        _ = shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private func answer(_ client: Int32) {
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard read(client, &byte, 1) == 1 else { return }
            head.append(byte)
        }
        let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
        let target = lines[0].split(separator: " ").dropFirst().first ?? ""
        if target.hasPrefix("/api/") {
            let listing = #"{"sha":"abc123","siblings":[{"rfilename":"model.gguf"}]}"#
            send(Array("HTTP/1.1 200 OK\r\nContent-Length: \(listing.utf8.count)\r\n".utf8), client)
            send(Array("Connection: close\r\n\r\n\(listing)".utf8), client)
        } else if lines[0].hasPrefix("HEAD") {
            send(
                Array(
                    ("HTTP/1.1 200 OK\r\nContent-Length: \(weights.count)\r\n"
                        + "ETag: \"\(sha256)\"\r\nConnection: close\r\n\r\n").utf8), client)
        } else {
            let range = lines.first { $0.lowercased().hasPrefix("range: ") }?.dropFirst(7) ?? ""
            sendWeights(String(range), client)
        }
    }

    private func sendWeights(_ range: String, _ client: Int32) {
        state.withLock { $0.ranges.append(range) }
        let start = Int(range.dropFirst("bytes=".count).dropLast()) ?? 0
        let status =
            start == 0
            ? "200 OK"
            : "206 Partial Content\r\nContent-Range: bytes "
                + "\(start)-\(weights.count - 1)/\(weights.count)"
        send(
            Array(
                ("HTTP/1.1 \(status)\r\nContent-Length: \(weights.count - start)\r\n"
                    + "Connection: close\r\n\r\n").utf8), client)
        let half = max(start, weights.count / 2)
        send(Array(weights[start..<half]), client)
        state.withLock { $0.sent += half - start }
        // A client that was killed is seen by the write that follows.
        while !state.withLock({ $0.isOpen }) { usleep(10_000) }
        send(Array(weights[half...]), client)
    }

    private func send(_ bytes: [UInt8], _ client: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private static func digest(_ path: String) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
        process.arguments = [path]
        process.standardOutput = output
        try process.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return String(text.prefix(64))
    }
}
