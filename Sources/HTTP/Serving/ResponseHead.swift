/// The bytes of a status line and its fields: what the server adds, and what it keeps a handler
/// from saying.
struct ResponseHead {
    enum Framing: Equatable {
        /// 1xx, 204, 304: neither Content-Length nor Transfer-Encoding.
        case absent
        case length(Int)
        case chunked
        /// Towards HTTP/1.0: the body ends with the connection.
        case untilClose
    }

    var framing: Framing
    var keepsAlive: Bool
    var isVersion10: Bool
    var requestID: String

    /// What the lines that every answer has take, roughly.
    private static let bytesTypical = 256

    func write(_ response: Response, date: [UInt8], into output: inout [UInt8]) {
        if output.isEmpty { output.reserveCapacity(Self.bytesTypical) }
        if response.status.code == 200 {
            output.append(static: "HTTP/1.1 200 OK\r\nDate: ")
        } else {
            output.append(static: "HTTP/1.1 ")
            output.append(decimal: response.status.code)
            output.append(static: " ")
            output.append(static: response.status.phrase)
            output.append(static: "\r\nDate: ")
        }
        output.append(contentsOf: date)
        output.append(static: "\r\n")
        for line in response.fields.lines where !Self.isReserved(line.name) {
            output.append(contentsOf: line.name.utf8)
            output.append(static: ": ")
            output.append(contentsOf: line.value.utf8)
            output.append(static: "\r\n")
        }
        switch framing {
        case .absent, .untilClose: break
        case .chunked: output.append(static: "Transfer-Encoding: chunked\r\n")
        case .length(let length):
            output.append(static: "Content-Length: ")
            output.append(decimal: length)
            output.append(static: "\r\n")
        }
        if !keepsAlive {
            output.append(static: "Connection: close\r\n")
        } else if isVersion10 {
            output.append(static: "Connection: keep-alive\r\n")
        }
        output.append(static: "X-Content-Type-Options: nosniff\r\nX-Request-Id: ")
        output.append(contentsOf: requestID.utf8)
        output.append(static: "\r\n\r\n")
    }

    /// Fields that only the server writes.
    private static func isReserved(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: Fields.matches(name, "date")
        case 10: Fields.matches(name, "connection") || Fields.matches(name, "keep-alive")
        case 12: Fields.matches(name, "x-request-id")
        case 14: Fields.matches(name, "content-length")
        case 17: Fields.matches(name, "transfer-encoding")
        case 22: Fields.matches(name, "x-content-type-options")
        default: false
        }
    }
}

extension [UInt8] {
    @inline(__always)
    mutating func append(static text: StaticString) {
        append(
            contentsOf: UnsafeBufferPointer(
                start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The digits of a number; 0 for a negative one.
    mutating func append(decimal value: Int) {
        var digits: (UInt64, Int) = (0, 0)
        var rest = Swift.max(value, 0)
        if rest < 1_000_000 {
            // Up to six digits fit in one word, lowest digit first.
            repeat {
                digits.0 = digits.0 << 8 | UInt64(rest % 10 + 0x30)
                digits.1 += 1
                rest /= 10
            } while rest > 0
            for _ in 0..<digits.1 {
                append(UInt8(truncatingIfNeeded: digits.0))
                digits.0 >>= 8
            }
        } else {
            append(contentsOf: String(rest).utf8)
        }
    }
}
