/// When to start a worker, when to ask whether it lives, when to give it up. Pure: the clock is an
/// argument (seconds, monotonic) and every decision an action for the caller to perform.
struct WorkerLifecycle: Sendable {
    enum State: Sendable, Equatable {
        case down(until: Double)
        case starting(deadline: Double)
        case ready
        case ended
    }

    enum Action: Sendable, Equatable {
        case launch
        case ping(Int)
        /// Kill it and report the loss.
        case kill(String)
    }

    private(set) var state: State
    private let limits: PoolLimits
    private var failures = 0
    private var readySince = 0.0
    private var pings = 0
    private var pingSent: Double?
    private var nextPing = 0.0

    init(limits: PoolLimits, now: Double) {
        self.limits = limits
        state = .down(until: now)
    }

    var isReady: Bool { state == .ready }

    /// The moment at which `next` has something to say, if nothing else happens.
    var wakeAt: Double? {
        switch state {
        case .down(let until): until
        case .starting(let deadline): deadline
        case .ready: pingSent.map { $0 + limits.pongSecondsMax } ?? nextPing
        case .ended: nil
        }
    }

    mutating func next(now: Double) -> Action? {
        guard let wakeAt, now >= wakeAt else { return nil }
        switch state {
        case .down:
            state = .starting(deadline: now + limits.startSeconds)
            return .launch
        case .starting:
            return .kill("it was not ready within \(Int(limits.startSeconds)) s")
        case .ready where pingSent != nil:
            return .kill("it did not answer for \(Int(limits.pongSecondsMax)) s")
        case .ready:
            pings += 1
            pingSent = now
            return .ping(pings)
        case .ended:
            return nil
        }
    }

    mutating func becameReady(now: Double) {
        state = .ready
        readySince = now
        pingSent = nil
        nextPing = now + limits.pingSeconds
    }

    mutating func answered(ping: Int, now: Double) {
        guard ping == pings, pingSent != nil else { return }
        pingSent = nil
        nextPing = now + limits.pingSeconds
    }

    /// The worker died, was killed or could not be started.
    mutating func lost(now: Double) {
        guard state != .ended else { return }
        if isReady, now - readySince >= limits.healthySeconds { failures = 0 }
        var wait = limits.restartSeconds
        for _ in 0..<failures where wait < limits.restartSecondsMax { wait *= 2 }
        failures += 1
        state = .down(until: now + min(wait, limits.restartSecondsMax))
    }

    /// No more workers after this one.
    mutating func end() {
        state = .ended
    }
}
