internal import Sockets

extension Connection {
    func exchange(_ number: Int) -> Exchange? { exchanges.first { $0.number == number } }

    // MARK: Starting

    /// Makes the request and runs its handler in a task on this thread.
    func start(_ number: Int, _ head: RequestHead) {
        let sent = head.fields["X-Request-Id"]
        let id = sent.flatMap { RequestIdentifiers.isAcceptable($0) ? $0 : nil }
        let channel = head.framing == .none ? nil : makeChannel(number)
        var request = Request(
            head, peer: peer, id: id ?? lane.identifiers.make(), channel: channel)
        request.isSecure = isSecure
        request.clientCertificate = clientCertificate
        var match = lane.router.match(&request)
        if servesUrgentOnly && !match.isUrgent {
            match = .refused(Self.full)
            tell { $0.endAfter(number) }
        }
        let exchange = Exchange(
            number, requestID: request.id, isHead: head.method == .head, match: match,
            route: request.route,
            traceParent: lane.onRequest == nil ? nil : head.fields["traceparent"],
            channel: channel)
        exchanges.append(exchange)
        lane.metrics.requestsInFlight.add(1)
        guard
            let (response, rejection) = lane.router.respondImmediately(to: request, by: match)
        else { return run(request, exchange) }
        precondition(!response.body.isStream, "a stream's producer needs a task")
        if let rejection { lane.metrics.count(rejection) }
        deliver(exchange, response)
    }

    private func makeChannel(_ number: Int) -> BodyChannel {
        BodyChannel(bufferBytesMax: lane.limits.bodyBufferBytesMax) { [weak self] in
            guard let self else { return }
            self.onReactor { self.tell { $0.demandBody(number) } }
        }
    }

    private func run(_ request: Request, _ exchange: Exchange) {
        lane.taskStarted()
        let lane = self.lane
        let executor: any TaskExecutor = exchange.match.isUrgent ? reactor.urgent : reactor
        exchange.task = Task(executorPreference: executor) { [self] in
            let (response, rejection) = await lane.router.respond(
                to: request, by: exchange.match)
            if let rejection { onReactor { lane.metrics.count(rejection) } }
            await answer(exchange, response)
            onReactor { lane.taskEnded() }
        }
    }

    private static var full: HTTPError {
        HTTPError(
            503, "Every connection is taken; try again in a moment.", rejection: .connections)
    }

    // MARK: Answering

    private nonisolated func answer(_ exchange: Exchange, _ response: Response) async {
        let produce: @Sendable (StreamWriter) async throws -> Void
        switch response.body {
        case .stream(let body), .sized(_, let body), .live(let body): produce = body
        case .none, .bytes: return onReactor { [self] in deliver(exchange, response) }
        }
        guard !response.status.forbidsBody, !exchange.isHead else {
            return onReactor { [self] in deliver(exchange, response) }
        }
        let isOpen = await withCheckedContinuation { turn in
            onReactor { [self] in
                exchange.awaitTurn(turn)
                deliver(exchange, response)
                // A connection that is over opens nothing.
                if self.exchange(exchange.number) == nil { exchange.open(false) }
            }
        }
        guard isOpen else { return }
        var isWhole = true
        do {
            try await produce(StreamWriter { try await self.write($0, exchange) })
        } catch {
            isWhole = false
        }
        onReactor { [self, isWhole] in
            tell { $0.endStream(exchange.number, isWhole: isWhole) }
        }
    }

    private func deliver(_ exchange: Exchange, _ response: Response) {
        let answer = Answer(
            response: response, requestID: exchange.requestID, date: lane.dateText())
        tell { $0.answer(exchange.number, answer) }
    }

    /// Answers what never became a request.
    func render(_ number: Int, _ error: HTTPError) {
        let id = lane.identifiers.make()
        let request = Request(method: .get, path: "", peer: peer, id: id)
        let response = lane.router.rendered(error, request)
        let answer = Answer(response: response, requestID: id, date: lane.dateText())
        tell { $0.answer(number, answer) }
    }

    /// The exchange is over: forgets and counts it.
    func retire(_ number: Int, _ summary: ExchangeSummary) {
        guard let index = exchanges.firstIndex(where: { $0.number == number }) else { return }
        let exchange = exchanges.remove(at: index)
        exchange.channel?.fail(CancellationError())
        exchange.open(false)
        lane.metrics.requestsInFlight.add(-1)
        // The reactor's own time stands still within a turn, in which most answers are made.
        let seconds = SystemCalls.monotonicSeconds() - summary.started
        if summary.status != 0 {
            lane.metrics.count(
                route: exchange.match.number, method: summary.method, status: summary.status,
                seconds: seconds)
        }
        lane.onRequest?(
            RequestRecord(
                id: exchange.requestID, peer: peer, method: summary.method,
                route: exchange.route, status: summary.status, seconds: seconds,
                receivedBytes: summary.receivedBytes, sentBytes: summary.sentBytes,
                traceParent: exchange.traceParent, isWhole: summary.isWhole))
    }

    // MARK: Streams

    private nonisolated func write(_ bytes: [UInt8], _ exchange: Exchange) async throws {
        if reactor.isCurrent, try append(bytes, exchange) { return }
        let isAppended = reactor.isCurrent
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { writer in
                onReactor { [self] in
                    wait(writer, exchange, bytes: isAppended ? [] : bytes)
                }
            }
        } onCancel: {
            onReactor { exchange.resumeWriters(CancellationError()) }
        }
    }

    /// Whether there is room for more.
    private func append(_ bytes: [UInt8], _ exchange: Exchange) throws -> Bool {
        switch tell({ $0.write(exchange.number, bytes) }) {
        case .room: return true
        case .full: return false
        case .gone: throw CancellationError()
        }
    }

    private func wait(
        _ writer: CheckedContinuation<Void, any Error>, _ exchange: Exchange, bytes: [UInt8]
    ) {
        do {
            if try append(bytes, exchange) {
                writer.resume()
            } else {
                exchange.awaitRoom(writer)
            }
        } catch {
            writer.resume(throwing: error)
        }
    }
}

extension Request {
    fileprivate init(_ head: RequestHead, peer: String, id: String, channel: BodyChannel?) {
        let target = head.target.text
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        var query: [(name: String, value: String)]? = []
        if let mark { query = PercentDecoding.query(target[target.index(after: mark)...]) }
        var length: Int?
        if case .length(let declared) = head.framing { length = declared }
        self.init(
            method: head.method, path: mark.map { String(target[..<$0]) } ?? target,
            query: query ?? [], fields: head.fields,
            body: channel.map { RequestBody(channel: $0, declaredLength: length) }
                ?? RequestBody(), peer: peer, id: id, target: target, authority: head.authority)
        if query == nil {
            malformation = HTTPError(
                400, "The query must be percent-encoded UTF-8: two hex digits after each %.")
        }
    }
}
