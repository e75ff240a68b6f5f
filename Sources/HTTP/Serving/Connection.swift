// One client: does at the socket and with tasks what the connection's state says, and decides
// nothing itself. Confined to its lane's thread; handlers are in Connection+Handlers.swift.
internal import Sockets

final class Connection: EventHandler, @unchecked Sendable {
    // @unchecked because only the reactor's thread touches it; `onReactor` is the way in for
    // others, and handlers' tasks prefer that thread.
    let lane: Lane
    let descriptor: Int32
    private let isReserve: Bool
    /// Whether only urgent routes are served here, because every other place is taken.
    var servesUrgentOnly: Bool { isReserve && lane.isFull }
    var reactor: Reactor { lane.reactor }
    private var token: UInt64 = 0
    /// Nil on a clear port.
    private let tls: TLSSession?
    var isSecure: Bool { tls != nil }
    lazy var clientCertificate = tls?.clientCertificate

    private(set) var state: ConnectionState
    /// Those whose handlers run or may still write.
    var exchanges: [Exchange] = []
    private var isFlushAsked = false
    private var isSettling = false
    /// `align` comes at the event's end.
    private var isInEvent = false
    private var isBlocked = false
    private var isClosed = false
    private var interest: Readiness
    private var armedFor = Double.infinity

    // The lane's list of idle connections.
    var idlePrevious: Connection?
    var idleNext: Connection?
    var isListedIdle = false
    /// Since when it was idle when it was listed.
    var listedSince = 0.0

    lazy var peer = SystemCalls.peerAddress(descriptor)

    /// - Parameter isReserve: whether its place is for urgent routes only.
    init(_ descriptor: Int32, lane: Lane, tls: TLSSession?, isReserve: Bool) {
        self.tls = tls
        self.isReserve = isReserve
        self.descriptor = descriptor
        self.lane = lane
        state = ConnectionState(lane.sharedLimits, now: lane.reactor.now)
        interest = [.read, .readHangUp]
        if tls == nil { interest.insert(.edges) }
    }

    /// False when epoll has no room.
    func open() -> Bool {
        token = reactor.register(descriptor, interest, self)
        guard token != 0 else { return false }
        settle()
        return true
    }

    /// Runs `work` on the reactor's thread: now when this is it, else soon.
    func onReactor(_ work: @escaping @Sendable () -> Void) {
        if reactor.isCurrent { work() } else { reactor.perform(work) }
    }

    /// Tells the state something, then does what it asks.
    @discardableResult
    func tell<Result>(_ event: (inout ConnectionState) -> Result) -> Result {
        state.advance(to: reactor.now)
        let result = event(&state)
        settle()
        return result
    }

    // MARK: Events

    func ready(_ readiness: Readiness) {
        if isClosed { return }
        if readiness.hasAny(.error) || readiness.hasAny(.hangUp) { return close() }
        isInEvent = true
        take(readiness)
        isInEvent = false
        align()
    }

    private func take(_ readiness: Readiness) {
        if readiness.hasAny(.write) {
            if tls?.readWaitsForWrite == true { receive() }
            flush()
        }
        if readiness.hasAny(.read) {
            receive()
            // What epoll said is used up, and the FIN is still to be read.
            if readiness.hasAny(.readHangUp) { askAgain() }
        } else if readiness.hasAny(.readHangUp) {
            tell { $0.noteHangUp() }
        }
    }

    func groupEnded() {
        isFlushAsked = false
        if state.wantsFlush { flush() } else { align() }
    }

    func expired(armedFor deadline: Double) {
        if isClosed { return }
        if deadline == armedFor { armedFor = .infinity }
        tell { $0.meetDeadline() }
    }

    /// Ends the connection now; its handlers are cancelled.
    func close() { tell { $0.close() } }

    /// Takes what the client has sent already, then ends it if nothing was asked.
    func drain() {
        if state.isIdle { receive() }
        tell { $0.drain() }
    }

    // MARK: The socket

    /// One read, so that a fast client does not hold up the others; epoll reports again what is
    /// left.
    private func receive() {
        let wasEstablished = tls?.isEstablished ?? true
        let transfer =
            tls?.receive(lane.scratch) ?? SystemCalls.receive(descriptor, lane.scratch)
        if !wasEstablished, tls?.isEstablished == true { lane.metrics.tlsHandshakes.add(1) }
        switch transfer {
        case .bytes(let count):
            lane.metrics.receivedBytes.add(count)
            tell { $0.receive(Bytes(rebasing: lane.scratch[..<count])) }
            // More may be there; a FIN, too, where its news was not asked for.
            if count == lane.scratch.count || !state.wantsHangUp { askAgain() }
        case .wouldBlock: watch()
        case .end: tell { $0.endInput() }
        case .cutOff: tell { $0.cutOff() }
        case .failed:
            if tls?.isEstablished == false { lane.metrics.count(.tlsHandshake) }
            close()
        }
    }

    private func send(_ bytes: Bytes) -> Transfer {
        tls?.send(bytes) ?? SystemCalls.send(descriptor, bytes)
    }

    private func flush() {
        guard !isClosed, state.wantsFlush else { return }
        tell { state in
            while !state.output.isEmpty {
                switch state.output.withUnsent({ send($0) }) {
                case .bytes(let count):
                    lane.metrics.sentBytes.add(count)
                    state.didSend(count)
                case .wouldBlock:
                    isBlocked = true
                    return
                case .end, .cutOff, .failed: return state.close()
                }
            }
            isBlocked = false
            state.didFlush()
        }
    }

    // MARK: Doing

    /// Does what the state asks. What an action adds is done after those before it.
    private func settle() {
        if isSettling { return }
        isSettling = true
        while state.hasActions {
            var actions = lane.takeSpareActions()
            state.takeActions(into: &actions)
            for action in actions { perform(action) }
            lane.giveBack(&actions)
        }
        isSettling = false
        if !isInEvent { align() }
    }

    /// Brings epoll's interest, the deadline and the idle list in line with the state.
    private func align() {
        if isClosed { return }
        if state.wantsFlush && !isBlocked {
            // Most answers are gone then, and nothing is left to be changed.
            if !isFlushAsked { reactor.callAtGroupEnd(self) }
            isFlushAsked = true
            return
        }
        watch()
        if let deadline = state.deadline, deadline < armedFor {
            // Never in the past: a deadline that was met and still stands must not spin the loop.
            armedFor = max(deadline, reactor.now + 0.001)
            reactor.arm(token, at: armedFor)
        }
        lane.noteIdle(self, state.isIdle)
    }

    /// On a clear port epoll reports only news, which saves it a look at every socket that was
    /// just served. A short read means that there is no more (epoll(7)); otherwise this makes it
    /// look once more. TLS keeps what it read of a record to itself, so its sockets are reported
    /// as long as they are ready.
    private func askAgain() {
        if !isClosed, tls == nil { reactor.change(token, to: interest) }
    }

    private func watch() {
        var wanted = tls == nil ? Readiness.edges.rawValue : 0
        if state.wantsInput { wanted |= Readiness.read.rawValue }
        if state.wantsHangUp { wanted |= Readiness.readHangUp.rawValue }
        if isBlocked || tls?.readWaitsForWrite == true { wanted |= Readiness.write.rawValue }
        guard wanted != interest.rawValue else { return }
        interest = Readiness(rawValue: wanted)
        reactor.change(token, to: interest)
    }

    private func perform(_ action: ConnectionAction) {
        switch action {
        case .start(let number): if let head = state.takeHead(number) { start(number, head) }
        case .body(let number, let bytes):
            if exchange(number)?.channel?.push(bytes) == true { state.pauseBody(number) }
        case .bodyEnd(let number): exchange(number)?.channel?.finish()
        case .bodyFailed(let number, var error):
            error.rejection = nil  // counted already; the handler may answer with it
            exchange(number)?.channel?.fail(error)
        case .render(let number, let error): render(number, error)
        case .openStream(let number): exchange(number)?.open(true)
        case .resumeWriters(let number): exchange(number)?.resumeWriters()
        case .interrupt(let number): exchange(number)?.task?.cancel()
        case .cancel(let number): exchange(number)?.cancel()
        case .retire(let number, let summary): retire(number, summary)
        case .count(let reason): lane.metrics.count(reason)
        case .finishSending:
            tls?.sayClose()
            SystemCalls.finishSending(descriptor)
        case .close: disconnect()
        }
    }

    private func disconnect() {
        isClosed = true
        tls?.sayClose()
        reactor.unregister(token)
        SystemCalls.close(descriptor)
        lane.didClose(self)
    }
}
