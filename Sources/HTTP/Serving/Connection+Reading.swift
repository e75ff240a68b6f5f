internal import Sockets

extension Connection {
    /// One read; epoll reports again what is left.
    func receive() {
        switch SystemCalls.receive(descriptor, lane.scratch) {
        case .bytes(let count):
            lane.metrics.receivedBytes.add(count)
            if phase == .lingering { return readAway(count) }
            if pending.isEmpty {
                let consumed = process(Bytes(rebasing: lane.scratch[..<count]))
                if phase == .open { pending = Array(lane.scratch[consumed..<count]) }
            } else {
                pending.append(contentsOf: lane.scratch[..<count])
                processPending()
            }
        case .wouldBlock: break
        case .end:
            if phase == .lingering { return close() }
            inputEnded = true
            noteHalfClose()
            processPending()
        case .failed: close()
        }
    }

    /// Takes up the input that had to wait for an answer, a consumer or the client.
    func resumeParsing() {
        // A body that is complete but for its end leaves nothing pending.
        guard phase == .open, !pending.isEmpty || inputEnded || receiving != nil else { return }
        processPending()
    }

    /// The peer sent FIN.
    func noteHalfClose() {
        if halfClosedAt == nil { halfClosedAt = reactor.now }
    }

    private func readAway(_ count: Int) {
        lingerBytes += count
        if lingerBytes > limits.lingerBytesMax { close() }
    }

    private func processPending() {
        let held = pending
        pending = []
        let consumed = held.withUnsafeBufferPointer { process($0) }
        if phase == .open { pending = consumed == 0 ? held : Array(held[consumed...]) }
    }

    private var mayParse: Bool {
        phase == .open && !stopsParsing && parked == nil
            && exchanges.count < limits.pipelinedMax
            && output.count < limits.outputBytesMax
            && !(receiving?.channel?.isFull ?? false)
    }

    /// Parses as far as may be; how many bytes were consumed.
    private func process(_ input: Bytes) -> Int {
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
        notePause()
        let isPartial = position < input.count || !parser.isBetweenRequests
        if isStarved && inputEnded { endTruncated(isPartial: isPartial) }
        if receiving == nil, exchanges.isEmpty, isStarved, isPartial {
            headerStarted = headerStarted ?? reactor.now
        }
        return position
    }

    private func begin(_ head: RequestHead) {
        headerStarted = nil
        let sent = head.fields["X-Request-Id"]
        let id = sent.flatMap { RequestIdentifiers.isAcceptable($0) ? $0 : nil }
        var channel: BodyChannel?
        if head.framing != .none {
            channel = BodyChannel(bufferBytesMax: limits.bodyBufferBytesMax) { [weak self] in
                guard let self else { return }
                self.onReactor { self.bodyDemanded() }
            }
        }
        let exchange = Exchange(
            head, requestID: id ?? lane.identifiers.make(), channel: channel, now: reactor.now)
        var request = request(head, exchange)
        exchange.match = lane.router.match(&request)
        if servesUrgentOnly && !exchange.match.isUrgent {
            exchange.match = .refused(Self.full)
            exchange.keepsAlive = false
        }
        exchange.route = request.route
        if lane.onRequest != nil { exchange.traceParent = head.fields["traceparent"] }
        exchange.request = request
        lane.metrics.requestsInFlight.add(1)
        if !head.keepsAlive && channel == nil { stopsParsing = true }
        let runsBeside = exchange.isSafe && exchanges.allSatisfy(\.isSafe)
        exchanges.append(exchange)
        if channel != nil { receiving = exchange }
        if exchanges.count == 1 || runsBeside { start(exchange) } else { parked = exchange }
    }

    private func request(_ head: RequestHead, _ exchange: Exchange) -> Request {
        let target = head.target.text
        let parts = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        var query: [(name: String, value: String)]? = []
        if let parts { query = PercentDecoding.query(target[target.index(after: parts)...]) }
        let body =
            exchange.channel.map {
                RequestBody(channel: $0, declaredLength: exchange.bodyBytesLeft)
            } ?? RequestBody()
        var request = Request(
            method: head.method, path: parts.map { String(target[..<$0]) } ?? target,
            query: query ?? [], fields: head.fields, body: body, peer: peer,
            id: exchange.requestID, target: target, authority: head.authority)
        if query == nil {
            request.malformation = HTTPError(
                400, "The query must be percent-encoded UTF-8: two hex digits after each %.")
        }
        return request
    }

    // MARK: Bodies

    private func takeBody(_ bytes: Bytes) {
        guard let exchange = receiving, !bytes.isEmpty else { return }
        exchange.bodyBytes += bytes.count
        exchange.lastBodyTime = reactor.now
        exchange.awaitsContinue = false
        if let left = exchange.bodyBytesLeft { exchange.bodyBytesLeft = left - bytes.count }
        exchange.channel?.push(Array(bytes))
    }

    private func endBody() {
        guard let exchange = receiving else { return }
        receiving = nil
        exchange.bodyEnded = true
        exchange.channel?.finish()
        if !exchange.keepsAlive { stopsParsing = true }
        if exchanges.isEmpty { idleSince = reactor.now }
    }

    /// The handler asked for the body, or made room for more of it.
    private func bodyDemanded() {
        guard phase == .open, let exchange = receiving else { return }
        if exchange.awaitsContinue, exchanges.first === exchange, !exchange.isStreaming {
            exchange.awaitsContinue = false
            output.append { $0.append(static: "HTTP/1.1 100 Continue\r\n\r\n") }
            askFlush()
        }
        resumeParsing()
        refresh()
    }

    /// While the handler does not take the body, the client is not the slow one.
    private func notePause() {
        let isPaused = receiving?.channel?.isFull ?? false
        if isPaused {
            bodyPausedAt = bodyPausedAt ?? reactor.now
        } else if let since = bodyPausedAt {
            bodyPausedAt = nil
            receiving?.bodyStarted += reactor.now - since
            receiving?.lastBodyTime = reactor.now
        }
    }

    // MARK: Refusals

    private static var full: HTTPError {
        HTTPError(
            503, "Every connection is taken; try again in a moment.", rejection: .connections)
    }

    /// Answers what is no valid request, or ends the body that is none. Nothing is parsed after.
    func refuse(_ error: HTTPError) {
        stopsParsing = true
        headerStarted = nil
        if let rejection = error.rejection { lane.metrics.count(rejection) }
        guard let exchange = receiving else {
            let id = lane.identifiers.make()
            let request = Request(method: .get, path: "", peer: peer, id: id)
            let response = lane.router.rendered(error, request)
            exchanges.append(Exchange(refusal: response, requestID: id))
            return writeAnswers()
        }
        receiving = nil
        bodyPausedAt = nil
        exchange.keepsAlive = false
        var told = error
        told.rejection = nil  // counted above; the handler may answer with it
        exchange.channel?.fail(told)
        // It was answered already and its body only read away: there is nobody to tell.
        if !exchanges.contains(where: { $0 === exchange }) {
            closesAfterFlush = true
            askFlush()
        }
    }

    /// FIN came, and what was received is used up.
    private func endTruncated(isPartial: Bool) {
        if receiving != nil {
            refuse(
                HTTPError(
                    400, "The body ended before its declared end.", rejection: .truncated))
        } else if exchanges.isEmpty {
            closesAfterFlush = true
            askFlush()
        }
    }
}
