import TestSupport
import Testing

@testable import HTTP

/// One exchange of exact bytes: what a client sends, the statuses that come back, and whether the
/// server ends the connection by itself.
struct WireCase: Sendable, CustomTestStringConvertible {
    var name: String
    var sent: String
    /// Without 1xx: whether 100 is needed depends on how the bytes come.
    var statuses: [Int]
    var closes: Bool
    /// Answered before its body of unknown length is there, it ends the connection and says so.
    var mayEndEarly = false

    var testDescription: String { name }

    init(_ name: String, _ sent: String, _ statuses: [Int], closes: Bool) {
        self.name = name
        self.sent = sent
        self.statuses = statuses
        self.closes = closes
    }

    /// A message that is refused: one answer, and the request behind it is never served.
    static func refused(_ name: String, _ sent: String, _ status: Int) -> WireCase {
        WireCase(name, sent + RawConnection.get("/"), [status], closes: true)
    }

    /// A message that is answered and leaves the connection in step: the next one is served too.
    static func served(_ name: String, _ sent: String, _ statuses: [Int] = [200]) -> WireCase {
        WireCase(
            name, sent + RawConnection.get("/", "Connection: close\r\n"), statuses + [200],
            closes: true)
    }
}

/// An answer taken apart by its own framing, so that a body cannot pass for another answer.
struct WireAnswer {
    var status: Int
    var lines: [(name: String, value: String)]
    var body: [UInt8]

    func values(_ name: String) -> [String] {
        lines.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }
}

extension WireAnswer {
    struct Malformed: Error { let reason: String }

    /// Every answer in `bytes`, which are all that the server sent.
    ///
    /// - Parameter isHead: whether the answers' bodies were left out.
    static func all(_ bytes: [UInt8], isHead: Bool = false) throws -> [WireAnswer] {
        var rest = bytes[...]
        var answers: [WireAnswer] = []
        while !rest.isEmpty { answers.append(try one(&rest, isHead: isHead)) }
        return answers
    }

    private static func one(_ rest: inout ArraySlice<UInt8>, isHead: Bool) throws -> WireAnswer {
        let start = try line(&rest).split(separator: " ", maxSplits: 2)
        guard start.count == 3, start[0] == "HTTP/1.1", let status = Int(start[1]) else {
            throw Malformed(reason: "status line: \(start)")
        }
        var answer = WireAnswer(status: status, lines: [], body: [])
        while true {
            let line = try line(&rest)
            if line.isEmpty { break }
            guard let colon = line.firstIndex(of: ":") else { throw Malformed(reason: line) }
            answer.lines.append(
                (String(line[..<colon]), String(line[line.index(colon, offsetBy: 2)...])))
        }
        if isHead || status < 200 || status == 204 || status == 304 { return answer }
        if answer.values("Transfer-Encoding") == ["chunked"] {
            try answer.takeChunks(&rest)
        } else if let length = answer.values("Content-Length").first.flatMap({ Int($0) }) {
            guard rest.count >= length else { throw Malformed(reason: "short body") }
            answer.body = Array(rest.prefix(length))
            rest.removeFirst(length)
        } else {
            answer.body = Array(rest)
            rest = []
        }
        return answer
    }

    private mutating func takeChunks(_ rest: inout ArraySlice<UInt8>) throws {
        while true {
            guard let size = Int(try Self.line(&rest), radix: 16), rest.count >= size + 2 else {
                throw Malformed(reason: "chunk")
            }
            body += rest.prefix(size)
            rest.removeFirst(size)
            guard try Self.line(&rest).isEmpty else { throw Malformed(reason: "chunk end") }
            if size == 0 { return }
        }
    }

    private static func line(_ rest: inout ArraySlice<UInt8>) throws -> String {
        guard let end = rest.firstIndex(of: 0x0A), end > rest.startIndex,
            rest[end - 1] == 0x0D
        else { throw Malformed(reason: "no CRLF in \(rest.count) bytes") }
        defer { rest = rest[(end + 1)...] }
        return String(decoding: rest[..<(end - 1)], as: UTF8.self)
    }
}
