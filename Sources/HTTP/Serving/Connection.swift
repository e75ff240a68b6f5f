// One client. Reads, parses, starts handlers, writes their answers in order. Confined to its
// lane's thread; the facets are in Connection+*.swift.
internal import Sockets

final class Connection: EventHandler, @unchecked Sendable {
    // @unchecked because only the reactor's thread touches it; `onReactor` is the way in for
    // others, and handlers' tasks prefer that thread.
    enum Phase {
        case open
        /// The last answer is out and FIN sent; input is read away so that the client can read.
        case lingering
        case closed
    }

    let lane: Lane
    let descriptor: Int32
    private let isReserve: Bool
    /// Whether only urgent routes are served here, because every other place is taken.
    var servesUrgentOnly: Bool { isReserve && lane.isFull }
    var limits: ServerLimits { lane.limits }
    var reactor: Reactor { lane.reactor }
    private var token: UInt64 = 0

    var phase = Phase.open
    var parser: RequestParser
    /// Received and not yet consumed.
    var pending: [UInt8] = []
    /// In the order of the requests; the first one's answer is the next to be written.
    var exchanges: [Exchange] = []
    /// Whose body is coming; it may have been answered already.
    var receiving: Exchange?
    /// A request that may not run beside those before it.
    var parked: Exchange?
    var inputEnded = false
    /// Nothing more is parsed: the message was refused, or the request was the last.
    var stopsParsing = false

    var output = OutputBuffer()
    var closesAfterFlush = false
    private var isFlushAsked = false
    private var isBlocked = false
    private var interest: Readiness = [.read, .readHangUp]

    // Times, on the reactor's clock.
    var headerStarted: Double?
    var idleSince: Double
    var lastWriteProgress: Double
    var halfClosedAt: Double?
    var bodyPausedAt: Double?
    var lingerStarted = 0.0
    var lingerBytes = 0
    private var armedFor = Double.infinity

    // The lane's list of idle connections.
    var idlePrevious: Connection?
    var idleNext: Connection?
    var isListedIdle = false

    lazy var peer = SystemCalls.peerAddress(descriptor)

    /// - Parameter isReserve: whether its place is for urgent routes only.
    init(_ descriptor: Int32, lane: Lane, isReserve: Bool) {
        self.isReserve = isReserve
        self.descriptor = descriptor
        self.lane = lane
        parser = RequestParser(lane.limits.parser)
        idleSince = lane.reactor.now
        lastWriteProgress = lane.reactor.now
        headerStarted = lane.reactor.now
    }

    /// False when epoll has no room.
    func open() -> Bool {
        token = reactor.register(descriptor, interest, self)
        guard token != 0 else { return false }
        refresh()
        return true
    }

    /// Runs `work` on the reactor's thread: now when this is it, else soon.
    func onReactor(_ work: @escaping @Sendable () -> Void) {
        if reactor.isCurrent { work() } else { reactor.perform(work) }
    }

    // MARK: Events

    func ready(_ readiness: Readiness) {
        if phase == .closed { return }
        if !readiness.isDisjoint(with: [.error, .hangUp]) { return close() }
        if readiness.contains(.write) { flush() }
        if readiness.contains(.read) {
            receive()
        } else if readiness.contains(.readHangUp) {
            noteHalfClose()
        }
        refresh()
    }

    func turnEnded() {
        isFlushAsked = false
        flush()
        refresh()
    }

    func expired(armedFor deadline: Double) {
        if phase == .closed { return }
        if deadline == armedFor { armedFor = .infinity }
        if let due = nextDeadline(), due.time <= reactor.now { meet(due.cause) }
        refresh()
    }

    // MARK: Writing

    /// Writes at the end of this turn.
    func askFlush() {
        guard !isFlushAsked, phase != .closed else { return }
        isFlushAsked = true
        reactor.callAtTurnEnd(self)
    }

    private func flush() {
        guard phase == .open, !output.isEmpty || closesAfterFlush else { return }
        while !output.isEmpty {
            switch output.withUnsent({ SystemCalls.send(descriptor, $0) }) {
            case .bytes(let count):
                output.didSend(count)
                lane.metrics.sentBytes.add(count)
                lastWriteProgress = reactor.now
            case .wouldBlock:
                isBlocked = true
                return resumeWriters()
            case .end, .failed: return close()
            }
        }
        isBlocked = false
        resumeWriters()
        if closesAfterFlush, output.isEmpty { return finishSending() }
        if exchanges.isEmpty { idleSince = reactor.now }
        resumeParsing()
    }

    // MARK: Closing

    /// The last answer is out: says FIN and reads away what is still coming.
    private func finishSending() {
        for exchange in exchanges {
            exchange.cancel()
            finish(exchange, isWhole: false)
        }
        exchanges = []
        if inputEnded { return close() }
        phase = .lingering
        pending = []
        lingerStarted = reactor.now
        SystemCalls.finishSending(descriptor)
    }

    /// Ends the connection now; its handlers are cancelled.
    func close() {
        guard phase != .closed else { return }
        phase = .closed
        reactor.unregister(token)
        SystemCalls.close(descriptor)
        let exchanges = self.exchanges
        self.exchanges = []
        parked = nil
        receiving?.channel?.fail(CancellationError())
        receiving = nil
        pending = []
        for exchange in exchanges {
            exchange.cancel()
            finish(exchange, isWhole: false)
        }
        lane.didClose(self)
    }

    // MARK: What to wait for

    private var wantsInput: Bool {
        switch phase {
        case .open: !inputEnded && !stopsParsing && pending.count < limits.bodyBufferBytesMax
        case .lingering: true
        case .closed: false
        }
    }

    /// Brings epoll's interest, the deadline and the idle list in line with the state.
    func refresh() {
        guard phase != .closed else { return }
        var wanted: Readiness = []
        if wantsInput { wanted.insert(.read) }
        if halfClosedAt == nil && phase == .open { wanted.insert(.readHangUp) }
        if isBlocked { wanted.insert(.write) }
        if wanted != interest {
            interest = wanted
            reactor.change(token, to: wanted)
        }
        if let due = nextDeadline(), due.time < armedFor {
            // Never in the past: a deadline that was met and still stands must not spin the loop.
            armedFor = max(due.time, reactor.now + 0.001)
            reactor.arm(token, at: armedFor)
        }
        lane.noteIdle(self, isIdle)
    }

    /// Whether closing it would lose no accepted request.
    var isIdle: Bool { phase == .open && exchanges.isEmpty && receiving == nil && output.isEmpty }
}
