extension ConnectionState {
    // MARK: Input

    /// Bytes came.
    mutating func receive(_ bytes: Bytes) {
        switch phase {
        case .closed: return
        case .lingering:
            lingerBytes += bytes.count
            if lingerBytes > limits.lingerBytesMax { close() }
        case .open:
            if hasPending {
                pending.append(contentsOf: bytes)
                return processPending()
            }
            let consumed = process(bytes)
            guard phase == .open else { return }
            pending = Array(bytes[consumed...])
            pendingStart = 0
        }
    }

    /// FIN came behind everything that was received.
    mutating func endInput() {
        if phase == .lingering { return close() }
        guard phase == .open else { return }
        inputEnded = true
        noteHangUp()
        processPending()
    }

    /// The stream ended without the end that its protocol asks for: what it was in the middle of
    /// is not whole, however it looks.
    mutating func cutOff() {
        if phase == .open, receiving != nil { return close(.truncated) }
        endInput()
    }

    /// FIN came, perhaps behind bytes that were not read yet.
    mutating func noteHangUp() { if halfClosedAt == nil { halfClosedAt = now } }

    /// The handler asked for the body, or took enough of it that more may come.
    mutating func demandBody(_ number: Int) {
        guard phase == .open, let body = receiving, body.number == number else { return }
        resumeBody()
        if body.awaitsContinue, let first = exchanges.first, first.number == number,
            !first.isStreaming, first.answer == nil
        {
            receiving?.awaitsContinue = false
            append { $0.append(static: "HTTP/1.1 100 Continue\r\n\r\n") }
        }
        resumeParsing()
    }

    /// The handler has as much of the body as it may hold.
    mutating func pauseBody(_ number: Int) {
        if receiving?.number == number, receiving?.pausedAt == nil { receiving?.pausedAt = now }
    }

    private mutating func resumeBody() {
        guard let since = receiving?.pausedAt else { return }
        receiving?.pausedAt = nil
        receiving?.started += now - since
        receiving?.lastTime = now
    }

    /// The request that is to start; once.
    mutating func takeHead(_ number: Int) -> RequestHead? {
        guard let index = index(of: number) else { return nil }
        let exchange = exchanges[index]
        defer { exchange.head = nil }
        return exchange.head
    }

    // MARK: Parsing

    /// Takes up the input that had to wait for an answer, a handler or the client.
    mutating func resumeParsing() {
        // A body that is complete but for its end leaves nothing pending.
        guard phase == .open, hasPending || inputEnded || receiving != nil || isInHeader else {
            return
        }
        processPending()
    }

    /// A part of a header is consumed.
    private var isInHeader: Bool { receiving == nil && !parser.isBetweenRequests }

    private mutating func processPending() {
        var held: [UInt8] = []
        swap(&held, &pending)
        let consumed = held.withUnsafeBufferPointer {
            process(Bytes(rebasing: $0[pendingStart...]))
        }
        guard phase == .open else { return }
        pendingStart += consumed
        if pendingStart == held.count {
            pendingStart = 0
        } else {
            // Moved to the front only when that pays: a long pipeline is not copied per answer.
            if pendingStart > held.count / 2 {
                held.removeFirst(pendingStart)
                pendingStart = 0
            }
            pending = held
        }
    }

    private var mayParse: Bool {
        phase == .open && !stopsParsing && exchanges.count < limits.pipelinedMax
            && exchanges.last?.isParked != true && output.count < limits.outputBytesMax
            && receiving?.pausedAt == nil
    }

    /// Parses as far as may be; how many bytes were consumed.
    private mutating func process(_ input: Bytes) -> Int {
        var position = 0
        var isStarved = false
        while !isStarved && mayParse {
            switch parser.next(input, &position) {
            case .needMore: isStarved = true
            case .head(let head): begin(head)
            case .data(let range): takeBody(Bytes(rebasing: input[range]))
            case .end: endBody()
            case .refused(let error): refuse(error)
            }
        }
        guard isStarved else { return position }
        let isPartial = position < input.count || !parser.isBetweenRequests
        if inputEnded {
            endTruncated()
        } else if receiving == nil, exchanges.isEmpty, isPartial {
            headerStarted = headerStarted ?? now
        }
        return position
    }

    private mutating func begin(_ head: RequestHead) {
        headerStarted = nil
        exchangesSeen += 1
        let exchange = ExchangeState(exchangesSeen, head, now: now)
        let hasBody = head.framing != .none
        if !head.keepsAlive && !hasBody { stopsParsing = true }
        if hasBody { receiving = ReceivingState(exchange.number, head, now: now) }
        let runsNow =
            exchanges.isEmpty || exchange.isSafe && exchanges.allSatisfy(\.isSafe)
        if runsNow { act(.start(exchange.number)) } else { exchange.isParked = true }
        exchanges.append(exchange)
    }

    // MARK: Bodies

    private mutating func takeBody(_ bytes: Bytes) {
        guard let number = receiving?.number, !bytes.isEmpty else { return }
        receiving?.bytes += bytes.count
        receiving?.lastTime = now
        receiving?.awaitsContinue = false
        if let left = receiving?.bytesLeft { receiving?.bytesLeft = left - bytes.count }
        if index(of: number) != nil { act(.body(number, Array(bytes))) }
    }

    private mutating func endBody() {
        guard let body = receiving else { return }
        receiving = nil
        if let index = index(of: body.number) {
            exchanges[index].bodyBytes = body.bytes
            if !exchanges[index].keepsAlive { stopsParsing = true }
            act(.bodyEnd(body.number))
        }
        if exchanges.isEmpty { idleSince = now }
    }

    // MARK: Refusals

    /// Answers what is no valid request, or ends the body that is none. Nothing is parsed after.
    mutating func refuse(_ error: HTTPError) {
        stopsParsing = true
        headerStarted = nil
        if let rejection = error.rejection { act(.count(rejection)) }
        guard let body = receiving else {
            exchangesSeen += 1
            exchanges.append(
                ExchangeState(refusal: exchangesSeen, method: parser.method, now: now))
            return act(.render(exchangesSeen, error))
        }
        receiving = nil
        // When it was answered already and its body only read away, there is nobody to tell.
        guard let index = index(of: body.number) else { return endAfterFlush() }
        exchanges[index].bodyBytes = body.bytes
        exchanges[index].keepsAlive = false
        act(.bodyFailed(body.number, error))
    }

    mutating func endAfterFlush() {
        stopsParsing = true
        closesAfterFlush = true
    }

    /// FIN came, and what was received is used up.
    private mutating func endTruncated() {
        if receiving != nil {
            refuse(
                HTTPError(
                    400, "The body ended before its declared end.", rejection: .truncated))
        } else if exchanges.isEmpty {
            endAfterFlush()
        }
    }
}
