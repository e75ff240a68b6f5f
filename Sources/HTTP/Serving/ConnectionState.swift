// One connection as a pure state machine: bytes, answers and times in, actions and output bytes
// out. Knows no socket, no task and no clock; `Connection` does what it says.

/// The facets are in `ConnectionState+*.swift`. Not copyable: it is large, and there is one.
struct ConnectionState: ~Copyable {
    enum Phase {
        case open
        /// The last answer is out and FIN said; input is read away so that the client can read.
        case lingering
        case closed
    }

    private let shared: SharedLimits
    var limits: ServerLimits { shared.values }
    /// Answers from now on say `Connection: close`.
    var isDraining = false
    private(set) var phase = Phase.open
    private var actions: [ConnectionAction] = []

    var parser: RequestParser
    /// Received; the first `pendingStart` bytes are consumed.
    var pending: [UInt8] = []
    var pendingStart = 0
    /// In the order of the requests; the first one's answer is the next to be written.
    var exchanges: [ExchangeState] = []
    var exchangesSeen = 0
    var receiving: ReceivingState?
    var inputEnded = false
    /// Nothing more is parsed: the message was refused, or the request was the last.
    var stopsParsing = false

    var output = OutputBuffer()
    var closesAfterFlush = false

    // Times, in seconds on the monotonic clock.
    /// Of the event that is being taken in.
    private(set) var now: Double
    var headerStarted: Double?
    var idleSince: Double
    var lastWriteProgress: Double
    var halfClosedAt: Double?
    var lingerStarted = 0.0
    var lingerBytes = 0

    init(_ limits: SharedLimits, now: Double) {
        shared = limits
        parser = RequestParser(limits.parser)
        self.now = now
        idleSince = now
        lastWriteProgress = now
        headerStarted = now
    }

    /// Brings the time; to be called before anything else is told.
    mutating func advance(to seconds: Double) { now = seconds }

    // MARK: What the world asks

    /// Whether closing it would lose no accepted request.
    var isIdle: Bool {
        switch phase {
        case .open: exchanges.isEmpty && receiving == nil && output.isEmpty
        case .lingering: true
        case .closed: false
        }
    }

    /// Idle, open, and not in the middle of a header.
    var isQuiet: Bool {
        phase == .open && isIdle && !hasPending && parser.isBetweenRequests
    }

    var hasPending: Bool { pendingStart < pending.count }

    var wantsInput: Bool {
        switch phase {
        case .open:
            !inputEnded && !stopsParsing
                && pending.count - pendingStart < limits.bodyBufferBytesMax
        case .lingering: true
        case .closed: false
        }
    }

    /// Whether the client's FIN would be news.
    var wantsHangUp: Bool { phase == .open && halfClosedAt == nil }

    var wantsFlush: Bool { phase == .open && (!output.isEmpty || closesAfterFlush) }

    var hasActions: Bool { !actions.isEmpty }

    /// The actions since the last call, to be done in order; `taken` comes empty.
    mutating func takeActions(into taken: inout [ConnectionAction]) { swap(&actions, &taken) }

    // MARK: Shared by the facets

    mutating func act(_ action: ConnectionAction) { actions.append(action) }

    func index(of number: Int) -> Int? { exchanges.firstIndex { $0.number == number } }

    // MARK: Ending

    /// Ends the connection now; handlers are cancelled.
    mutating func close(_ reason: Rejection? = nil) {
        guard phase != .closed else { return }
        phase = .closed
        if let reason { act(.count(reason)) }
        abandonExchanges()
        pending = []
        pendingStart = 0
        act(.close)
    }

    /// The last answer is out: says FIN and reads away what is still coming.
    mutating func finishSending() {
        abandonExchanges()
        if inputEnded { return close() }
        phase = .lingering
        pending = []
        pendingStart = 0
        lingerStarted = now
        idleSince = now
        act(.finishSending)
    }

    private mutating func abandonExchanges() {
        for exchange in exchanges {
            act(.cancel(exchange.number))
            act(.retire(exchange.number, summary(exchange, isWhole: false)))
        }
        exchanges = []
        receiving = nil
    }

    func summary(_ exchange: ExchangeState, isWhole: Bool) -> ExchangeSummary {
        let isReceiving = receiving?.number == exchange.number
        return ExchangeSummary(
            method: exchange.method, status: exchange.isRefusal ? 0 : exchange.status,
            started: exchange.started,
            receivedBytes: isReceiving ? receiving?.bytes ?? 0 : exchange.bodyBytes,
            sentBytes: exchange.sentBytes, isWhole: isWhole)
    }

    /// Nobody will ask any more: an idle connection is closed, others end with their answer.
    mutating func drain() {
        isDraining = true
        if isQuiet { close() }
    }
}
