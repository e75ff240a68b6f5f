/// What the fields of a request say about its framing and its connection.
struct FieldSemantics: Sendable, Equatable {
    private(set) var framing = BodyFraming.none
    private(set) var host: String?
    private(set) var expectsContinue = false
    private var contentLength: Int?
    private var isChunked = false
    private var saysClose = false
    private var saysKeepAlive = false

    /// - Throws: `HTTPError` 400 for framing that two readers could read differently, and for a
    ///   missing, repeated or malformed Host; 417 for an unknown expectation.
    init(_ fields: Fields, isVersion10: Bool) throws(HTTPError) {
        for line in fields.lines {
            switch line.name.utf8.count {
            case 4 where Fields.matches(line.name, "host"): try readHost(line.value)
            case 6 where Fields.matches(line.name, "expect"):
                try readExpectation(line.value, isVersion10)
            case 10 where Fields.matches(line.name, "connection"): readConnection(line.value)
            case 14 where Fields.matches(line.name, "content-length"):
                try readLength(line.value)
            case 17 where Fields.matches(line.name, "transfer-encoding"):
                try readCoding(line.value, isVersion10)
            default: break
            }
        }
        if host == nil && !isVersion10 {
            throw HTTPError.malformed("An HTTP/1.1 request must have a Host.")
        }
        if isChunked {
            guard contentLength == nil else {
                throw HTTPError.malformed(
                    "Content-Length and Transfer-Encoding must not come together.")
            }
            framing = .chunked
        } else if let contentLength, contentLength > 0 {
            framing = .length(contentLength)
        }
        if framing == .none { expectsContinue = false }
    }

    /// Whether the connection may serve another request (RFC 9112 §9.3).
    func keepsAlive(isVersion10: Bool) -> Bool { !saysClose && (!isVersion10 || saysKeepAlive) }

    private mutating func readHost(_ value: String) throws(HTTPError) {
        guard host == nil else { throw HTTPError.malformed("There must be one Host only.") }
        var value = value
        let isValid = value.withUTF8 { Authority.isValid($0) }
        guard isValid else { throw HTTPError.malformed("Host must be host[:port].") }
        host = value
    }

    private mutating func readExpectation(
        _ value: String, _ isVersion10: Bool
    ) throws(HTTPError) {
        if isVersion10 { return }  // RFC 9110 §10.1.1: ignored in 1.0
        guard Fields.matches(value, "100-continue") else {
            throw HTTPError(
                417, "The only expectation known here is 100-continue.",
                rejection: .expectation)
        }
        expectsContinue = true
    }

    private mutating func readConnection(_ value: String) {
        for option in value.utf8.split(separator: UInt8(ascii: ",")) {
            let token = String(Substring(option)).trimmingBlanks()
            if Fields.matches(token, "close") { saysClose = true }
            if Fields.matches(token, "keep-alive") { saysKeepAlive = true }
        }
    }

    private mutating func readLength(_ value: String) throws(HTTPError) {
        guard contentLength == nil else {
            throw HTTPError.malformed("There must be one Content-Length only.")
        }
        guard !value.isEmpty else { throw Self.lengthMalformed }
        var length = 0
        for byte in value.utf8 {
            guard ByteClass.isDigit(byte) else { throw Self.lengthMalformed }
            let (tens, overflow) = length.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(byte &- 0x30))
            guard !overflow, !carry else { throw Self.lengthMalformed }
            length = sum
        }
        contentLength = length
    }

    private mutating func readCoding(
        _ value: String, _ isVersion10: Bool
    ) throws(HTTPError) {
        guard !isChunked, !isVersion10, Fields.matches(value, "chunked") else {
            throw HTTPError.malformed(
                "Transfer-Encoding must be one `chunked` and nothing else, in HTTP/1.1.")
        }
        isChunked = true
    }

    private static var lengthMalformed: HTTPError {
        .malformed("Content-Length must be one decimal number below 2^63.")
    }
}

extension String {
    /// Without the spaces and tabs at both ends.
    func trimmingBlanks() -> String {
        var rest = utf8[...]
        while let first = rest.first, ByteClass.isBlank(first) { rest.removeFirst() }
        while let last = rest.last, ByteClass.isBlank(last) { rest.removeLast() }
        return String(Substring(rest))
    }
}
