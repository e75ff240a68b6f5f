// One reactor, its listeners and its connections. Confined to the reactor's thread.
internal import Sockets

final class Lane: EventHandler, @unchecked Sendable {
    // @unchecked because only the reactor's thread touches the variables; what others may call
    // (`start`, `drain`, `closeAll`) goes through `Reactor.perform`.
    let reactor: Reactor
    let sharedLimits: SharedLimits
    var limits: ServerLimits { sharedLimits.values }
    let router: Router
    let metrics: LaneMetrics
    let onRequest: (@Sendable (RequestRecord) -> Void)?
    let scratch = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64 * 1024)
    private var date = HTTPDate()
    private var spareActions: [ConnectionAction] = []
    /// When `date` was last asked.
    private var dateSeconds = -1.0
    var identifiers = RequestIdentifiers()
    private(set) var isDraining = false

    private var listeners: Listeners?
    private var listenerTokens: [UInt64] = []
    private let connectionsMax: Int
    private let addresses: AddressCounts?
    private let tls: TLSContext?
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var isAcceptPaused = false
    /// Given up for a moment when descriptors run out, to accept and refuse.
    private var reserve = SystemCalls.reserveDescriptor()
    private var oldestIdle: Connection?
    private var newestIdle: Connection?
    private var tasks = 0
    private var whenEmpty: [CheckedContinuation<Void, Never>] = []
    private var stopsWhenQuiet = false

    init(
        listeners: consuming Listeners, connectionsMax: Int, limits: ServerLimits,
        router: Router, tls: TLSContext?, addresses: AddressCounts?, metrics: ServerMetrics,
        onRequest: (@Sendable (RequestRecord) -> Void)?, name: String
    ) throws(SocketError) {
        reactor = try Reactor(name: name)
        self.metrics = metrics.makeLane(routes: router.routeNames)
        self.onRequest = onRequest
        self.addresses = addresses
        self.tls = tls
        self.listeners = consume listeners
        self.connectionsMax = connectionsMax
        sharedLimits = SharedLimits(limits)
        self.router = router
    }

    deinit {
        scratch.deallocate()
        if reserve >= 0 { SystemCalls.close(reserve) }
    }

    /// An empty array that has room, for a moment.
    func takeSpareActions() -> [ConnectionAction] {
        var actions: [ConnectionAction] = []
        swap(&actions, &spareActions)
        return actions
    }

    func giveBack(_ actions: inout [ConnectionAction]) {
        actions.removeAll(keepingCapacity: true)
        swap(&actions, &spareActions)
    }

    /// The text of Date in this turn of the reactor.
    func dateText() -> [UInt8] {
        if dateSeconds != reactor.now {
            dateSeconds = reactor.now
            date.advance()
        }
        return date.text
    }

    func start() {
        reactor.start()
        reactor.perform { [self] in
            for descriptor in listeners?.descriptors ?? [] {
                listenerTokens.append(reactor.register(descriptor, .read, self))
            }
        }
    }

    // MARK: Accepting

    func ready(_ readiness: Readiness) { accept(atMost: Self.acceptsPerTurnMax) }

    func expired(armedFor deadline: Double) {}

    func groupEnded() {}

    /// A flood of connections must not hold up those that are served; epoll reports the rest again.
    private static let acceptsPerTurnMax = 64

    private func accept(atMost countMax: Int) {
        for descriptor in listeners?.descriptors ?? [] {
            var isDone = false
            var count = 0
            while !isDone, count < countMax, canAdmit() {
                count += 1
                switch SystemCalls.accept(descriptor) {
                case .descriptor(let accepted): admit(accepted)
                case .none: isDone = true
                case .lost: break
                case .exhausted:
                    isDone = !closeOldestIdle(.descriptors) && !refuseOne(descriptor)
                }
            }
        }
    }

    /// At the cap the oldest idle connection gives way to a new one.
    private func admit(_ descriptor: Int32) {
        metrics.connectionsAccepted.add(1)
        if isFull { _ = closeOldestIdle(.connections) }
        let session = tls?.accept(descriptor)
        if tls != nil && session == nil { return SystemCalls.close(descriptor) }
        let connection = Connection(descriptor, lane: self, tls: session, isReserve: isFull)
        if let addresses, !addresses.take(connection.peer) {
            metrics.count(.connectionsPerAddress)
            return SystemCalls.close(descriptor)
        }
        guard connection.open() else {
            addresses?.release(connection.peer)
            return SystemCalls.close(descriptor)
        }
        connections[ObjectIdentifier(connection)] = connection
        metrics.connectionsOpen.add(1)
    }

    /// Whether every place but those for urgent routes is taken.
    var isFull: Bool { connections.count >= connectionsMax }

    /// Whether one more has room or can get it. When not, accepting pauses.
    private func canAdmit() -> Bool {
        let placesMax = connectionsMax + limits.urgentConnectionsMax
        if connections.count < placesMax || oldestIdle != nil { return true }
        isAcceptPaused = true
        for token in listenerTokens { reactor.change(token, to: []) }
        return false
    }

    /// Out of descriptors, and nobody is idle: closes the client at once rather than leave it
    /// waiting. False when even the reserve is gone.
    private func refuseOne(_ listener: Int32) -> Bool {
        guard reserve >= 0 else {
            reserve = SystemCalls.reserveDescriptor()
            return false
        }
        SystemCalls.close(reserve)
        if case .descriptor(let accepted) = SystemCalls.accept(listener) {
            SystemCalls.close(accepted)
            metrics.count(.descriptors)
        }
        reserve = SystemCalls.reserveDescriptor()
        return reserve >= 0
    }

    /// Whether there was one.
    private func closeOldestIdle(_ reason: Rejection) -> Bool {
        while let oldest = oldestIdle {
            // Served within one event since it was listed, it was never seen busy.
            guard oldest.state.idleSince > oldest.listedSince else {
                metrics.count(reason)
                oldest.close()
                return true
            }
            noteIdle(oldest, false)
            noteIdle(oldest, true)
        }
        return false
    }

    func didClose(_ connection: Connection) {
        noteIdle(connection, false)
        if connections.removeValue(forKey: ObjectIdentifier(connection)) != nil {
            metrics.connectionsOpen.add(-1)
            addresses?.release(connection.peer)
        }
        if isAcceptPaused {
            isAcceptPaused = false
            for token in listenerTokens { reactor.change(token, to: .read) }
        }
        endIfEmpty()
    }

    // MARK: Idle connections, oldest first

    func noteIdle(_ connection: Connection, _ isIdle: Bool) {
        guard isIdle != connection.isListedIdle else { return }
        connection.isListedIdle = isIdle
        if isIdle {
            connection.listedSince = connection.state.idleSince
            connection.idlePrevious = newestIdle
            newestIdle?.idleNext = connection
            newestIdle = connection
            if oldestIdle == nil { oldestIdle = connection }
            return
        }
        let (previous, next) = (connection.idlePrevious, connection.idleNext)
        connection.idlePrevious = nil
        connection.idleNext = nil
        if let previous { previous.idleNext = next } else { oldestIdle = next }
        if let next { next.idlePrevious = previous } else { newestIdle = previous }
    }

    // MARK: Draining

    func taskStarted() { tasks += 1 }

    func taskEnded() {
        tasks -= 1
        stopIfQuiet()
    }

    /// Stops accepting, closes idle connections, returns when the last one is closed. Answers
    /// from now on say `Connection: close`.
    func drain() async {
        await withCheckedContinuation { continuation in
            reactor.perform { [self] in
                whenEmpty.append(continuation)
                beginDraining()
            }
        }
    }

    /// Closes every connection and cancels its handlers.
    func closeAll() {
        reactor.perform { [self] in for connection in connections.values { connection.close() } }
    }

    /// Ends the thread once no handler runs. Nothing can be served afterwards.
    func stop() {
        reactor.perform { [self] in
            stopsWhenQuiet = true
            stopIfQuiet()
        }
    }

    private func beginDraining() {
        if !isDraining {
            accept(atMost: .max)  // who is in the queue was promised an answer
            isDraining = true
            for token in listenerTokens { reactor.unregister(token) }
            listenerTokens = []
            listeners = nil
            for connection in Array(connections.values) {
                connection.drain()
            }
        }
        endIfEmpty()
    }

    private func endIfEmpty() {
        guard isDraining, connections.isEmpty else { return }
        let waiting = whenEmpty
        whenEmpty = []
        for continuation in waiting { continuation.resume() }
    }

    private func stopIfQuiet() {
        if stopsWhenQuiet && tasks == 0 { reactor.stop() }
    }
}
