extension ConnectionState {
    enum WriteOutcome {
        case room
        /// The bytes are taken; `resumeWriters` will tell when there is room for more.
        case full
        /// Nobody reads any more; nothing was taken.
        case gone
    }

    // MARK: Answers

    /// The connection ends with this answer, whatever the client asked.
    mutating func endAfter(_ number: Int) {
        if let index = index(of: number) { exchanges[index].keepsAlive = false }
        stopsParsing = true
    }

    /// The handler's answer; of a stream its head, whose pieces follow after `openStream`.
    mutating func answer(_ number: Int, _ answer: Answer) {
        guard phase == .open, let index = index(of: number) else { return }
        exchanges[index].answer = answer
        writeAnswers()
    }

    /// Writes every answer whose turn has come.
    private mutating func writeAnswers() {
        while phase == .open, !closesAfterFlush, !exchanges.isEmpty,
            let answer = exchanges[0].answer
        {
            let exchange = exchanges[0]
            exchange.answer = nil
            if answer.response.body.isStream, !answer.response.status.forbidsBody,
                exchange.method != .head
            {
                return openStream(exchange, answer)
            }
            writeWhole(exchange, answer)
            retire(isWhole: true)
        }
    }

    private mutating func writeWhole(_ exchange: ExchangeState, _ answer: borrowing Answer) {
        var body: [UInt8] = []
        if case .bytes(let bytes) = answer.response.body { body = bytes }
        var framing = ResponseHead.Framing.length(body.count)
        if answer.response.body.isStream { framing = streamFraming(exchange, answer.response) }
        if answer.response.status.forbidsBody { framing = .absent }
        writeHead(exchange, answer, framing, mayKeepAlive: true)
        if exchange.method != .head, framing == .length(body.count) {
            append { $0.append(contentsOf: body) }
            exchange.sentBytes = body.count
        }
    }

    private mutating func openStream(_ exchange: ExchangeState, _ answer: borrowing Answer) {
        let framing = streamFraming(exchange, answer.response)
        exchange.isStreaming = true
        exchange.isChunked = framing == .chunked
        if case .length(let length) = framing { exchange.declaredBytes = length }
        if case .live = answer.response.body { exchange.isLive = true }
        writeHead(exchange, answer, framing, mayKeepAlive: framing != .untilClose)
        act(.openStream(exchange.number))
    }

    private func streamFraming(
        _ exchange: ExchangeState, _ response: Response
    ) -> ResponseHead.Framing {
        if case .sized(let length, _) = response.body { return .length(length) }
        return exchange.isVersion10 ? .untilClose : .chunked
    }

    private mutating func writeHead(
        _ exchange: ExchangeState, _ answer: borrowing Answer, _ framing: ResponseHead.Framing,
        mayKeepAlive: Bool
    ) {
        let isLast = isDraining && exchanges.count == 1 && !hasPending
        exchange.keepsAlive =
            mayKeepAlive && exchange.keepsAlive && !isLast && canLeaveBody(exchange.number)
        exchange.status = answer.response.status.code
        let head = ResponseHead(
            framing: framing, keepsAlive: exchange.keepsAlive, isVersion10: exchange.isVersion10,
            requestID: answer.requestID)
        if output.isEmpty { lastWriteProgress = now }
        output.append { head.write(answer.response, date: answer.date, into: &$0) }
    }

    /// Whether what is left of the body is little enough to be read away.
    private func canLeaveBody(_ number: Int) -> Bool {
        guard let body = receiving, body.number == number else { return true }
        if body.awaitsContinue { return false }
        guard let left = body.bytesLeft else { return false }
        return left <= limits.discardBytesMax
    }

    /// The first answer is over: the next one's turn, or the end.
    private mutating func retire(isWhole: Bool) {
        let exchange = exchanges[0]
        // Mostly it is the only one.
        if exchanges.count == 1 { exchanges.removeLast() } else { exchanges.removeFirst() }
        act(.retire(exchange.number, summary(exchange, isWhole: isWhole)))
        guard exchange.keepsAlive else { return endAfterFlush() }
        // Its body may have been held back for the handler; now it is only read away.
        if receiving?.number == exchange.number { receiving?.pausedAt = nil }
        if !exchanges.isEmpty, exchanges[0].isParked {
            exchanges[0].isParked = false
            act(.start(exchanges[0].number))
        }
    }

    // MARK: Streams

    /// A piece of a stream that was opened.
    mutating func write(_ number: Int, _ bytes: [UInt8]) -> WriteOutcome {
        guard phase == .open, !closesAfterFlush, let exchange = exchanges.first,
            exchange.number == number, exchange.isStreaming
        else { return .gone }
        if exchange.isLive, let reason = overflow(adding: bytes.count) {
            close(reason)
            return .gone
        }
        let sentBytes = exchange.sentBytes + bytes.count
        if sentBytes > exchange.declaredBytes ?? .max { return .gone }
        exchange.sentBytes = sentBytes
        append { output in
            guard exchange.isChunked, !bytes.isEmpty else {
                return output.append(contentsOf: bytes)
            }
            output.append(contentsOf: String(bytes.count, radix: 16).utf8)
            output.append(static: "\r\n")
            output.append(contentsOf: bytes)
            output.append(static: "\r\n")
        }
        if exchange.isLive, !bytes.isEmpty { output.markPiece() }
        if exchange.isLive || output.count < limits.outputBytesMax { return .room }
        exchange.isWriterWaiting = true
        return .full
    }

    /// Why a live stream has fallen too far behind, if it has.
    private func overflow(adding count: Int) -> Rejection? {
        if !output.isEmpty, output.count + count > limits.outputBytesMax { return .outputBytes }
        return output.piecesUnsent >= limits.outputEventsMax ? .outputEvents : nil
    }

    /// The producer is done; a torn stream is cut off so that the client sees it.
    mutating func endStream(_ number: Int, isWhole: Bool) {
        guard phase == .open, let exchange = exchanges.first, exchange.number == number,
            exchange.isStreaming
        else { return }
        exchange.isStreaming = false
        let isWhole = isWhole && exchange.sentBytes == exchange.declaredBytes ?? exchange.sentBytes
        if isWhole && exchange.isChunked { append { $0.append(static: "0\r\n\r\n") } }
        if !isWhole { exchange.keepsAlive = false }
        retire(isWhole: isWhole)
        writeAnswers()
    }

    // MARK: Output

    mutating func append(_ write: (inout [UInt8]) -> Void) {
        if output.isEmpty { lastWriteProgress = now }
        output.append(write)
    }

    /// The client took something.
    mutating func didSend(_ count: Int) {
        output.didSend(count)
        lastWriteProgress = now
        guard !exchanges.isEmpty, exchanges[0].isWriterWaiting,
            output.count <= limits.outputBytesMax / 2
        else { return }
        exchanges[0].isWriterWaiting = false
        act(.resumeWriters(exchanges[0].number))
    }

    /// All output is with the kernel.
    mutating func didFlush() {
        guard phase == .open, output.isEmpty else { return }
        if closesAfterFlush { return finishSending() }
        if exchanges.isEmpty { idleSince = now }
        resumeParsing()
        if isDraining && isQuiet { close() }
    }
}
