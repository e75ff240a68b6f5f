// Bytes in, events out: the whole of RFC 9112 that a server must know, without sockets or time.

/// Parses the requests of one connection, one after the other.
///
/// The caller keeps unconsumed bytes and presents them again with more behind them. However the
/// input is split, the events (data pieces joined) are the same.
struct RequestParser: Sendable {
    enum Event {
        /// Everything usable was consumed; more bytes are needed.
        case needMore
        case head(RequestHead)
        /// Bytes of the body, as positions in the input.
        case data(Range<Int>)
        /// The request is complete; the next call starts another one.
        case end
        /// The message is refused, and nothing after it will be parsed.
        case refused(HTTPError)
    }
    private enum State {
        case start
        case fields
        case body(left: Int)
        case chunked(ChunkedDecoder)
        case refused(HTTPError)
    }

    private enum FieldStep {
        case incomplete
        case taken
        case last(RequestHead)
    }

    private let limits: ParserLimits
    private var state = State.start
    private var scanner = LineScanner()
    private var budget: FieldBudget
    private var line: RequestLine?
    private var fields = Fields()
    private var skippedEmptyLine = false

    init(_ limits: ParserLimits = ParserLimits()) {
        self.limits = limits
        budget = FieldBudget(limits)
    }

    /// Whether nothing of a request has been consumed (the caller may still hold a partial line).
    var isBetweenRequests: Bool {
        if case .start = state { return true }
        return false
    }

    /// Of the request that is being parsed, once its first line is.
    var method: Method? { line?.method }

    /// The next event. Moves `position` past what it consumed.
    mutating func next(_ input: Bytes, _ position: inout Int) -> Event {
        do throws(HTTPError) {
            return try step(input, &position)
        } catch {
            state = .refused(error)
            return .refused(error)
        }
    }

    private mutating func step(_ input: Bytes, _ position: inout Int) throws(HTTPError) -> Event {
        while true {
            switch state {
            case .start:
                guard try takeRequestLine(input, &position) else { return .needMore }
            case .fields:
                switch try takeField(input, &position) {
                case .incomplete: return .needMore
                case .taken: continue
                case .last(let head): return .head(head)
                }
            case .body(let left):
                if left == 0 {
                    reset()
                    return .end
                }
                let count = min(left, input.count - position)
                if count == 0 { return .needMore }
                defer { position += count }
                state = .body(left: left - count)
                return .data(position..<(position + count))
            case .chunked(var decoder):
                let step = decoder.next(input, &position)
                state = .chunked(decoder)
                switch step {
                case .needMore: return .needMore
                case .data(let range): return .data(range)
                case .refused(let error): throw error
                case .end:
                    reset()
                    return .end
                }
            case .refused(let error): return .refused(error)
            }
        }
    }

    private mutating func reset() {
        state = .start
        scanner = LineScanner()
        budget = FieldBudget(limits)
        fields = Fields()
        line = nil
        skippedEmptyLine = false
    }

    /// False when the line is incomplete.
    private mutating func takeRequestLine(
        _ input: Bytes, _ position: inout Int
    ) throws(HTTPError) -> Bool {
        guard position < input.count else { return false }
        let rest = Bytes(rebasing: input[position...])
        // Binary protocols on this port (a TLS greeting, say) show in their first byte.
        guard ByteClass.isToken(rest[0]) || rest[0] == 0x0D else { throw Self.malformed }
        switch scanner.scan(rest, lengthMax: limits.requestLineBytesMax) {
        case .incomplete: return false
        case .malformed: throw Self.malformed
        case .tooLong:
            throw HTTPError(
                414,
                "The request line must have at most "
                    + "\(limits.requestLineBytesMax) bytes.",
                rejection: .requestLineBytes)
        case .line(let length):
            position += length + 2
            if length == 0 {
                // RFC 9112 §2.2: one empty line before a request is forgiven.
                guard !skippedEmptyLine else { throw Self.malformed }
                skippedEmptyLine = true
                return true
            }
            line = try RequestLine(Bytes(rebasing: rest[..<length]))
            fields.reserve(8)
            state = .fields
            return true
        }
    }

    private mutating func takeField(
        _ input: Bytes, _ position: inout Int
    ) throws(HTTPError) -> FieldStep {
        let rest = Bytes(rebasing: input[position...])
        switch scanner.scan(rest, lengthMax: budget.lineBytesMax) {
        case .incomplete: return .incomplete
        case .malformed: throw Self.malformed
        case .tooLong: throw budget.lineTooLong
        case .line(let length):
            position += length + 2
            if length == 0 { return .last(try finishHead()) }
            guard budget.take(length) else { throw FieldBudget.tooMany }
            let line = try FieldLine(Bytes(rebasing: rest[..<length]))
            fields.appendChecked(line.name, line.value)
            return .taken
        }
    }

    private mutating func finishHead() throws(HTTPError) -> RequestHead {
        guard let line else { throw Self.malformed }
        let head = try RequestHead(line, fields)
        switch head.framing {
        case .none: state = .body(left: 0)
        case .length(let length): state = .body(left: length)
        case .chunked: state = .chunked(ChunkedDecoder(limits, budget: budget))
        }
        return head
    }

    private static var malformed: HTTPError {
        .malformed("The request is not HTTP/1.1: lines end in CRLF and hold no control bytes.")
    }
}
