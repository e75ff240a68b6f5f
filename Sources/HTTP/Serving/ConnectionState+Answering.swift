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
    mutating func answer(_ number: Int, _ response: Response, requestID: String) {
        guard phase == .open, let index = index(of: number) else { return }
        exchanges[index].response = (response, requestID)
        writeAnswers()
    }

    /// Writes every answer whose turn has come.
    private mutating func writeAnswers() {
        while phase == .open, !closesAfterFlush, !exchanges.isEmpty,
            let (response, requestID) = exchanges[0].response
        {
            exchanges[0].response = nil
            if response.body.isStream, !response.status.forbidsBody,
                exchanges[0].method != .head
            {
                return openStream(response, requestID)
            }
            writeWhole(response, requestID)
            retire(isWhole: true)
        }
    }

    private mutating func writeWhole(_ response: Response, _ requestID: String) {
        var body: [UInt8] = []
        if case .bytes(let bytes) = response.body { body = bytes }
        var framing = ResponseHead.Framing.length(body.count)
        if response.body.isStream { framing = streamFraming(response) }
        if response.status.forbidsBody { framing = .absent }
        writeHead(response, requestID, framing, mayKeepAlive: true)
        if exchanges[0].method != .head, framing == .length(body.count) {
            append { $0.append(contentsOf: body) }
            exchanges[0].sentBytes = body.count
        }
    }

    private mutating func openStream(_ response: Response, _ requestID: String) {
        let framing = streamFraming(response)
        exchanges[0].isStreaming = true
        exchanges[0].isChunked = framing == .chunked
        if case .length(let length) = framing { exchanges[0].declaredBytes = length }
        if case .live = response.body { exchanges[0].isLive = true }
        writeHead(response, requestID, framing, mayKeepAlive: framing != .untilClose)
        act(.openStream(exchanges[0].number))
    }

    private func streamFraming(_ response: Response) -> ResponseHead.Framing {
        if case .sized(let length, _) = response.body { return .length(length) }
        return exchanges[0].isVersion10 ? .untilClose : .chunked
    }

    private mutating func writeHead(
        _ response: Response, _ requestID: String, _ framing: ResponseHead.Framing,
        mayKeepAlive: Bool
    ) {
        let isLast = isDraining && exchanges.count == 1 && !hasPending
        let keepsAlive =
            mayKeepAlive && exchanges[0].keepsAlive && !isLast && canLeaveBody(exchanges[0].number)
        exchanges[0].keepsAlive = keepsAlive
        exchanges[0].status = response.status.code
        let head = ResponseHead(
            framing: framing, keepsAlive: keepsAlive, isVersion10: exchanges[0].isVersion10,
            requestID: requestID)
        let date = date
        append { head.write(response, date: date, into: &$0) }
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
        let exchange = exchanges.removeFirst()
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
        exchanges[0].sentBytes += bytes.count
        if let declared = exchange.declaredBytes, exchanges[0].sentBytes > declared {
            exchanges[0].sentBytes = exchange.sentBytes
            return .gone
        }
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
        exchanges[0].isWriterWaiting = true
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
        exchanges[0].isStreaming = false
        let isWhole = isWhole && exchange.sentBytes == exchange.declaredBytes ?? exchange.sentBytes
        if isWhole && exchange.isChunked { append { $0.append(static: "0\r\n\r\n") } }
        if !isWhole { exchanges[0].keepsAlive = false }
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
