// One request to another server and its answer, on a connection of its own that ends with it. It
// waits; it follows no redirect and tries nothing twice.
internal import Sockets

/// Why no whole answer came.
package struct ClientError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// No connection, or it broke: trying again may help.
        case unreachable
        /// What came is no HTTP/1.1 answer, or exceeds a limit.
        case malformed
    }
    package var code: Code
    package var message: String
    package var description: String { message }

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }
}

/// An answer whose body is read piece by piece. Confined to one thread at a time.
package final class ClientExchange {
    private static let headBytesMax = 32 << 10
    private static let pieceBytes = 1 << 18

    private enum Framing {
        case left(Int)
        case chunked(ChunkedDecoder)
        case untilClose
        case ended
    }

    package private(set) var status = 0
    package private(set) var fields = Fields()
    private let socket: ClientSocket
    private var buffer: [UInt8] = []
    private var framing = Framing.ended

    /// Sends a request and reads the head of the answer.
    /// - Parameters:
    ///   - body: sent whole; its type is among the fields. Empty: none.
    ///   - seconds: how long the server may be silent.
    /// - Throws: `ClientError`.
    package init(
        _ method: Method, _ url: ClientURL, fields: Fields = Fields(), body: [UInt8] = [],
        seconds: Int = 30
    ) throws {
        do throws(SocketError) {
            socket = try ClientSocket(
                host: url.host, port: url.port, isSecure: url.isSecure, seconds: seconds)
            var head = "\(method.rawValue) \(url.target) HTTP/1.1\r\nHost: \(url.authority)\r\n"
            for line in fields.lines { head += "\(line.name): \(line.value)\r\n" }
            if !body.isEmpty { head += "Content-Length: \(body.count)\r\n" }
            head += "Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
            try socket.send(Array(head.utf8) + body)
        } catch {
            throw ClientError(code: .unreachable, message: error.message)
        }
        repeat { try readHead() } while (100..<200).contains(status)
        try frame(method)
    }

    /// The next piece of the body; nil at its end.
    /// - Throws: `ClientError`; a body that ends early is one.
    package func read() throws -> [UInt8]? {
        switch framing {
        case .ended: return nil
        case .left(0):
            framing = .ended
            return nil
        case .left(let left):
            if buffer.isEmpty, try !fill() { throw Self.cutOff }
            let piece = Array(buffer.prefix(left))
            buffer.removeFirst(piece.count)
            framing = .left(left - piece.count)
            return piece
        case .untilClose:
            if buffer.isEmpty, try !fill() {
                framing = .ended
                return nil
            }
            defer { buffer = [] }
            return buffer
        case .chunked(var decoder):
            let piece = try readChunk(&decoder)
            framing = piece == nil ? .ended : .chunked(decoder)
            return piece
        }
    }

    /// The whole body.
    /// - Throws: `ClientError` `malformed` when it is longer than `limit`.
    package func collect(upTo limit: Int) throws -> [UInt8] {
        var body: [UInt8] = []
        while let piece = try read() {
            body += piece
            guard body.count <= limit else {
                throw ClientError(
                    code: .malformed, message: "the answer is longer than \(limit) bytes")
            }
        }
        return body
    }

    // MARK: Reading

    private static let cutOff = ClientError(
        code: .unreachable, message: "the answer was cut off before its end")

    private static func malformed(_ what: String) -> ClientError {
        ClientError(code: .malformed, message: "the server's answer is malformed: \(what)")
    }

    /// False at the end of the connection.
    private func fill() throws -> Bool {
        do {
            let bytes = try socket.receive(countMax: Self.pieceBytes)
            buffer += bytes
            return !bytes.isEmpty
        } catch { throw ClientError(code: .unreachable, message: error.message) }
    }

    private func readHead() throws {
        var lines: [String] = []
        var length = 0
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                var line = buffer[..<end]
                if line.last == 0x0D { line = line.dropLast() }
                length += end + 1
                let text = String(decoding: line, as: UTF8.self)
                buffer.removeFirst(end + 1)
                if text.isEmpty { break }
                lines.append(text)
            } else if try !fill() {
                throw Self.cutOff
            }
            guard length + buffer.count <= Self.headBytesMax + Self.pieceBytes,
                length <= Self.headBytesMax
            else { throw Self.malformed("its head is too long") }
        }
        let start = (lines.first ?? "").split(separator: " ", maxSplits: 2)
        guard start.count >= 2, start[0].hasPrefix("HTTP/1."), start[1].utf8.count == 3,
            let code = Int(start[1]), (100...599).contains(code)
        else { throw Self.malformed("its first line") }
        status = code
        fields = Fields()
        for line in lines.dropFirst() {
            do {
                let field = try Array(line.utf8).withUnsafeBufferPointer {
                    bytes throws(HTTPError) in
                    try FieldLine(bytes)
                }
                fields.append(field.name, field.value)
            } catch { throw Self.malformed("a header line") }
        }
    }

    private func frame(_ method: Method) throws {
        if method == .head || status == 204 || status == 304 { return }
        if let coding = fields["Transfer-Encoding"] {
            guard Fields.matches(coding, "chunked") else {
                throw Self.malformed("its transfer coding")
            }
            let limits = ParserLimits()
            framing = .chunked(ChunkedDecoder(limits, budget: FieldBudget(limits)))
        } else if let text = fields["Content-Length"] {
            let digits = text.utf8
            guard (1...18).contains(digits.count), fields.values(of: "Content-Length").count == 1,
                digits.allSatisfy({ (0x30...0x39).contains($0) })
            else { throw Self.malformed("its length") }
            framing = .left(digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
        } else {
            framing = .untilClose
        }
    }

    private func readChunk(_ decoder: inout ChunkedDecoder) throws -> [UInt8]? {
        while true {
            var position = 0
            let step = buffer.withUnsafeBufferPointer { decoder.next($0, &position) }
            switch step {
            case .data(let range):
                let piece = Array(buffer[range])
                buffer.removeFirst(position)
                return piece
            case .end: return nil
            case .refused: throw Self.malformed("its chunks")
            case .needMore:
                buffer.removeFirst(position)
                if try !fill() { throw Self.cutOff }
            }
        }
    }
}
