internal import Sockets

extension Connection {
    // MARK: Handlers

    /// Runs the handler in a task on this thread.
    func start(_ exchange: Exchange) {
        guard let request = exchange.request else { return }
        exchange.request = nil
        lane.taskStarted()
        let lane = self.lane
        let box = exchange.box
        let match = exchange.match
        let executor: any TaskExecutor = match.isUrgent ? reactor.urgent : reactor
        exchange.task = Task(executorPreference: executor) { [self] in
            let (response, rejection) = await lane.router.respond(to: request, by: match)
            await answer(box, response)
            onReactor {
                if let rejection { lane.metrics.count(rejection) }
                lane.taskEnded()
            }
        }
    }

    private nonisolated func answer(_ exchange: ExchangeBox, _ response: Response) async {
        guard case .stream(let produce) = response.body, !response.status.forbidsBody,
            !exchange.isHead
        else {
            onReactor { [self] in complete(exchange.exchange, response) }
            return
        }
        let isOpen = await withCheckedContinuation { turn in
            onReactor { [self] in queueStream(exchange.exchange, response, turn) }
        }
        guard isOpen else { return }
        do {
            try await produce(StreamWriter { try await self.write($0, exchange) })
            onReactor { [self] in endStream(exchange.exchange, isWhole: true) }
        } catch {
            onReactor { [self] in endStream(exchange.exchange, isWhole: false) }
        }
    }

    private func complete(_ exchange: Exchange, _ response: Response) {
        guard phase == .open, !exchange.isCancelled else { return }
        exchange.response = response
        writeAnswers()
    }

    private func queueStream(
        _ exchange: Exchange, _ response: Response, _ turn: CheckedContinuation<Bool, Never>
    ) {
        guard phase == .open, !exchange.isCancelled else { return turn.resume(returning: false) }
        exchange.opening = (response, turn)
        writeAnswers()
    }

    // MARK: In order

    /// Writes every answer whose turn has come.
    func writeAnswers() {
        while phase == .open, !closesAfterFlush, let exchange = exchanges.first {
            if let response = exchange.response {
                writeWhole(response, exchange)
                retire(exchange)
            } else if let opening = exchange.opening {
                exchange.opening = nil
                openStream(opening.response, exchange)
                opening.turn.resume(returning: true)
                break
            } else {
                break
            }
        }
        askFlush()
    }

    private func writeWhole(_ response: Response, _ exchange: Exchange) {
        var body: [UInt8] = []
        if case .bytes(let bytes) = response.body { body = bytes }
        var framing = ResponseHead.Framing.length(body.count)
        if case .stream = response.body { framing = exchange.isVersion10 ? .untilClose : .chunked }
        if response.status.forbidsBody { framing = .absent }
        writeHead(response, exchange, framing, mayKeepAlive: true)
        if !exchange.isHead, framing == .length(body.count) {
            output.append { $0.append(contentsOf: body) }
            exchange.sentBytes = body.count
        }
    }

    private func openStream(_ response: Response, _ exchange: Exchange) {
        exchange.isStreaming = true
        exchange.isChunked = !exchange.isVersion10
        writeHead(
            response, exchange, exchange.isChunked ? .chunked : .untilClose,
            mayKeepAlive: exchange.isChunked)
    }

    private func writeHead(
        _ response: Response, _ exchange: Exchange, _ framing: ResponseHead.Framing,
        mayKeepAlive: Bool
    ) {
        let isLast = lane.isDraining && exchanges.count == 1 && pending.isEmpty
        let keepsAlive = mayKeepAlive && exchange.keepsAlive && !isLast && canLeaveBody(exchange)
        exchange.keepsAlive = keepsAlive
        exchange.status = response.status.code
        let head = ResponseHead(
            framing: framing, keepsAlive: keepsAlive, isVersion10: exchange.isVersion10,
            requestID: exchange.requestID)
        if output.isEmpty { lastWriteProgress = reactor.now }
        output.append { head.write(response, date: lane.date.now(), into: &$0) }
    }

    /// Whether what is left of the body is little enough to be read away.
    private func canLeaveBody(_ exchange: Exchange) -> Bool {
        if exchange.bodyEnded { return true }
        if exchange.awaitsContinue { return false }
        guard let left = exchange.bodyBytesLeft else { return false }
        return left <= limits.discardBytesMax
    }

    /// Its answer is written: the next one's turn, or the end.
    private func retire(_ exchange: Exchange, isWhole: Bool = true) {
        if exchanges.first === exchange { exchanges.removeFirst() }
        finish(exchange, isWhole: isWhole)
        exchange.channel?.fail(CancellationError())
        guard exchange.keepsAlive else {
            stopsParsing = true
            closesAfterFlush = true
            return
        }
        if let parked, exchanges.first === parked {
            self.parked = nil
            start(parked)
        }
    }

    // MARK: Streams

    private nonisolated func write(_ bytes: [UInt8], _ exchange: ExchangeBox) async throws {
        if reactor.isCurrent, try append(bytes, exchange.exchange) { return }
        let isAppended = reactor.isCurrent
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { writer in
                onReactor { [self] in
                    wait(writer, exchange.exchange, bytes: isAppended ? [] : bytes)
                }
            }
        } onCancel: {
            onReactor { exchange.exchange.cancelWriters() }
        }
    }

    /// Whether there is room for more.
    private func append(_ bytes: [UInt8], _ exchange: Exchange) throws -> Bool {
        guard phase == .open, exchange.isStreaming, !exchange.isCancelled else {
            throw CancellationError()
        }
        if output.isEmpty { lastWriteProgress = reactor.now }
        exchange.sentBytes += bytes.count
        output.append { output in
            guard exchange.isChunked, !bytes.isEmpty else {
                return output.append(contentsOf: bytes)
            }
            output.append(contentsOf: String(bytes.count, radix: 16).utf8)
            output.append(static: "\r\n")
            output.append(contentsOf: bytes)
            output.append(static: "\r\n")
        }
        askFlush()
        return output.count < limits.outputBytesMax
    }

    private func wait(
        _ writer: CheckedContinuation<Void, any Error>, _ exchange: Exchange, bytes: [UInt8]
    ) {
        do {
            if try append(bytes, exchange) {
                writer.resume()
            } else {
                exchange.writers.append(writer)
            }
        } catch {
            writer.resume(throwing: error)
        }
    }

    /// The client took something: waiting writers may go on.
    func resumeWriters() {
        guard let exchange = exchanges.first, !exchange.writers.isEmpty,
            output.count <= limits.outputBytesMax / 2
        else { return }
        let writers = exchange.writers
        exchange.writers = []
        for writer in writers { writer.resume() }
    }

    private func endStream(_ exchange: Exchange, isWhole: Bool) {
        guard phase == .open, !exchange.isCancelled else { return }
        exchange.isStreaming = false
        if isWhole && exchange.isChunked { output.append { $0.append(static: "0\r\n\r\n") } }
        if !isWhole { exchange.keepsAlive = false }
        retire(exchange, isWhole: isWhole)
        writeAnswers()
    }

    // MARK: Counting

    /// Its answer is over, or never came.
    func finish(_ exchange: Exchange, isWhole: Bool) {
        guard !exchange.isCounted else { return }
        exchange.isCounted = true
        lane.metrics.requestsInFlight.add(-1)
        let seconds = reactor.now - exchange.started
        if exchange.status != 0 {
            lane.metrics.count(
                route: exchange.match.number, method: exchange.method, status: exchange.status,
                seconds: seconds)
        }
        lane.onRequest?(
            RequestRecord(
                id: exchange.requestID, peer: peer, method: exchange.method,
                route: exchange.route, status: exchange.status, seconds: seconds,
                receivedBytes: exchange.bodyBytes, sentBytes: exchange.sentBytes,
                traceParent: exchange.traceParent, isWhole: isWhole))
    }
}

/// Carries an exchange through the task that belongs to it.
struct ExchangeBox: @unchecked Sendable {
    // @unchecked because `exchange` is touched through `Connection.onReactor` only.
    let exchange: Exchange
    let isHead: Bool
}

extension Exchange {
    var box: ExchangeBox { ExchangeBox(exchange: self, isHead: isHead) }

    func cancelWriters() {
        let writers = self.writers
        self.writers = []
        for writer in writers { writer.resume(throwing: CancellationError()) }
    }
}
