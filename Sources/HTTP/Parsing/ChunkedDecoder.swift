/// The chunked coding (RFC 9112 §7.1), strictly. Trailers are parsed, checked and dropped.
struct ChunkedDecoder: Sendable {
    enum Step {
        case needMore
        case data(Range<Int>)
        case end
        case refused(HTTPError)
    }
    private enum State {
        case head(ChunkHead)
        case headLineFeed(size: UInt64)
        case data(left: Int)
        case dataReturn, dataLineFeed
        case trailer
    }

    private var state = State.head(ChunkHead())
    private var extensionBytesLeft: Int
    private var budget: FieldBudget
    private var scanner = LineScanner()

    /// - Parameter budget: what the request's fields left over for trailers.
    init(_ limits: ParserLimits, budget: FieldBudget) {
        extensionBytesLeft = limits.chunkExtensionBytesMax
        self.budget = budget
    }

    /// One step. Moves `position` past what it consumed; a data range lies before it.
    mutating func next(_ input: Bytes, _ position: inout Int) -> Step {
        while position < input.count {
            switch state {
            case .head(var head):
                let step = head.take(input[position])
                if head.isInExtension {
                    extensionBytesLeft -= 1
                    if extensionBytesLeft < 0 { return .refused(Self.extensionsTooLong) }
                }
                position += 1
                switch step {
                case .more: state = .head(head)
                case .ended: state = .headLineFeed(size: head.size)
                case .malformed: return .refused(Self.malformed)
                }
            case .headLineFeed(let size):
                guard input[position] == 0x0A, let count = Int(exactly: size) else {
                    return .refused(Self.malformed)
                }
                position += 1
                state = count == 0 ? .trailer : .data(left: count)
            case .data(let left):
                let count = min(left, input.count - position)
                let range = position..<(position + count)
                position += count
                state = count == left ? .dataReturn : .data(left: left - count)
                return .data(range)
            case .dataReturn:
                guard input[position] == 0x0D else { return .refused(Self.malformed) }
                position += 1
                state = .dataLineFeed
            case .dataLineFeed:
                guard input[position] == 0x0A else { return .refused(Self.malformed) }
                position += 1
                state = .head(ChunkHead())
            case .trailer:
                if let step = takeTrailer(input, &position) { return step }
            }
        }
        return .needMore
    }

    /// Nil when a line was taken and the next may follow.
    private mutating func takeTrailer(_ input: Bytes, _ position: inout Int) -> Step? {
        let rest = Bytes(rebasing: input[position...])
        switch scanner.scan(rest, lengthMax: budget.lineBytesMax) {
        case .incomplete: return .needMore
        case .malformed: return .refused(Self.malformed)
        case .tooLong: return .refused(budget.lineTooLong)
        case .line(let length):
            position += length + 2
            if length == 0 { return .end }
            guard budget.take(length) else { return .refused(FieldBudget.tooMany) }
            do {
                let line = try FieldLine(Bytes(rebasing: rest[..<length]))
                let isForbidden = Self.forbidden.contains { Fields.matches($0, line.name) }
                return isForbidden ? .refused(Self.forbiddenTrailer) : nil
            } catch {
                return .refused(error)
            }
        }
    }

    /// Fields that frame, route, authenticate, modify the request or describe content
    /// (RFC 9110 §6.5.1).
    private static let forbidden = [
        "content-length", "content-encoding", "content-type", "content-range",
        "content-language", "content-location", "content-disposition",
        "transfer-encoding", "host", "trailer", "te", "connection", "keep-alive",
        "proxy-connection", "upgrade", "via", "forwarded", "expect", "max-forwards", "pragma",
        "cache-control", "range", "if-match", "if-none-match", "if-modified-since",
        "if-unmodified-since", "if-range", "authorization", "proxy-authorization",
        "www-authenticate", "proxy-authenticate", "authentication-info",
        "proxy-authentication-info", "cookie", "set-cookie", "age", "date", "expires",
        "location", "retry-after", "vary",
    ]

    private static var malformed: HTTPError {
        .malformed(
            "The chunked body is malformed: a chunk is its size in hex digits, CRLF, "
                + "that many bytes, CRLF.")
    }
    private static var extensionsTooLong: HTTPError {
        HTTPError(
            400, "The chunk extensions are too long; they are ignored here and can be left out.",
            rejection: .chunkExtensionBytes)
    }
    private static var forbiddenTrailer: HTTPError {
        .malformed("A trailer must not frame, route, authenticate or describe the request.")
    }
}
