import Glibc
import WorkerProtocol

/// What others may ask a supervisor's thread.
enum SupervisorMessage<Command: Sendable>: Sendable {
    case command(Command)
    case whenReady(CheckedContinuation<Void, any Error>, deadline: Double)
    case stop(CheckedContinuation<Void, Never>, deadline: Double)
}

/// One worker of one role, kept alive: its thread starts it, speaks with it, and replaces it when
/// it dies. The thread outlives its children, because the kernel ends a child when the *thread*
/// that started it is gone.
final class WorkerSupervisor<D: Duty> {
    private typealias Waiter = (
        continuation: CheckedContinuation<Void, any Error>, deadline: Double
    )
    typealias Message = SupervisorMessage<D.Command>

    private let role: WorkerRole
    private let duty: D
    private let environment: PoolEnvironment
    private let mailbox: Mailbox<Message>
    private var lifecycle: WorkerLifecycle
    private var link: (any WorkerLink)?
    private var connection: WorkerConnection?
    private var waiters: [Waiter] = []
    private var stopping: (continuation: CheckedContinuation<Void, Never>, deadline: Double)?
    private var shutdownDeadline: Double?
    /// Why the present worker must not compute.
    private var problem: String?

    init(role: WorkerRole, duty: D, environment: PoolEnvironment, mailbox: Mailbox<Message>) {
        self.role = role
        self.duty = duty
        self.environment = environment
        self.mailbox = mailbox
        lifecycle = WorkerLifecycle(limits: environment.limits, now: environment.clock())
    }

    /// Returns when it was stopped and its worker is gone.
    func run() {
        while true {
            follow(duty.tick(now: now))
            actOnLifecycle()
            settleWaiters()
            if stepTowardsEnd() { break }
            sleep()
            for message in mailbox.take() { handle(message) }
            exchange()
        }
        for message in mailbox.close() { handle(message) }
        duty.end()
        for waiter in waiters { waiter.continuation.resume(throwing: CancellationError()) }
        stopping?.continuation.resume()
    }

    private var now: Double { environment.clock() }

    // MARK: - Messages of this process

    private func handle(_ message: Message) {
        switch message {
        case .command(let command):
            follow(duty.receive(command, now: now))
        case .whenReady(let continuation, let deadline):
            waiters.append((continuation, deadline))
        case .stop(let continuation, let deadline):
            if stopping != nil {
                continuation.resume()
                return
            }
            stopping = (continuation, deadline)
            follow(duty.drain(now: now))
        }
    }

    private func settleWaiters() {
        guard !waiters.isEmpty else { return }
        if lifecycle.isReady {
            let refusal = problem.map {
                WorkerFailure(
                    code: "wrong_mathematics",
                    message: "the \(role.rawValue) worker refuses to compute: \($0)")
            }
            for waiter in waiters {
                waiter.continuation.resume(with: refusal.map(Result.failure) ?? .success(()))
            }
            waiters = []
        }
        for waiter in waiters where now >= waiter.deadline {
            waiter.continuation.resume(
                throwing: WorkerFailure(
                    code: "worker_lost",
                    message: "the \(role.rawValue) worker did not become ready in time; "
                        + "'polytask doctor' says what is wrong"))
        }
        waiters.removeAll { now >= $0.deadline }
    }

    /// After a stop was asked: drain, tell the worker to end, wait, kill. True when it is over.
    private func stepTowardsEnd() -> Bool {
        guard let stopping else { return false }
        if let shutdownDeadline {
            guard connection == nil || now >= shutdownDeadline else { return false }
            lose("the server stops")
            return true
        }
        guard duty.isDrained || !lifecycle.isReady || now >= stopping.deadline else { return false }
        lifecycle.end()
        send(.shutdown)
        shutdownDeadline = now + environment.limits.shutdownSeconds
        return connection == nil
    }

    // MARK: - The worker

    private func actOnLifecycle() {
        switch lifecycle.next(now: now) {
        case .launch: launch()
        case .ping(let number): send(.ping(number))
        case .kill(let reason): lose(reason)
        case nil: break
        }
    }

    private func launch() {
        do {
            let link = try environment.launcher.launch(role)
            environment.status.count { $0.launches[role, default: 0] += 1 }
            self.link = link
            connection = WorkerConnection(descriptor: link.descriptor)
        } catch {
            environment.report("\(error)")
            lifecycle.lost(now: now)
        }
    }

    private func lose(_ reason: String) {
        guard let link else { return }
        let wasReady = lifecycle.isReady
        let status = link.terminate()
        close(link.descriptor)
        self.link = nil
        connection = nil
        environment.status.set(role, nil)
        lifecycle.lost(now: now)
        let text = "the \(role.rawValue) worker ended: \(reason) (\(status))"
        if lifecycle.state != .ended { environment.report(text) }
        if wasReady || lifecycle.state == .ended { duty.workerLost(text, now: now) }
    }

    private func send(_ request: WorkerRequest) {
        guard connection != nil else { return }
        do {
            try connection?.send(request)
        } catch {
            lose("\(error)")
        }
    }

    private func follow(_ orders: Orders) {
        for request in orders.send { send(request) }
        if let reason = orders.kill { lose(reason) }
    }

    private func exchange() {
        do {
            guard let (replies, ended) = try connection?.receive() else { return }
            for reply in replies where connection != nil { handle(reply) }
            if ended { lose("it closed its socket") }
            try connection?.flush()
        } catch {
            lose("\(error)")
        }
    }

    private func handle(_ reply: WorkerReply) {
        switch reply {
        case .ready(let info):
            guard info.version == WorkerProtocol.version else {
                lose("it speaks protocol \(info.version), the server \(WorkerProtocol.version)")
                return
            }
            problem = info.problems.first
            for problem in info.problems {
                environment.report("the \(role.rawValue) worker refuses to compute: \(problem)")
            }
            lifecycle.becameReady(now: now)
            environment.status.set(role, info)
            follow(duty.workerReady(info, now: now))
        case .pong(let number):
            lifecycle.answered(ping: number, now: now)
        default:
            follow(duty.receive(reply, now: now))
        }
    }

    // MARK: - Waiting

    private func sleep() {
        let times = [
            lifecycle.wakeAt, duty.wakeAt, stopping?.deadline, shutdownDeadline,
            waiters.map(\.deadline).min(),
        ]
        let next = times.compactMap { $0 }.min() ?? now + 60
        let milliseconds = min(max((next - now) * 1000, 0).rounded(.up), 60_000)
        var entries = [pollfd(fd: mailbox.descriptor, events: Int16(POLLIN), revents: 0)]
        if let connection {
            let events = POLLIN | (connection.wantsToWrite ? POLLOUT : 0)
            entries.append(pollfd(fd: connection.descriptor, events: Int16(events), revents: 0))
        }
        _ = poll(&entries, UInt(entries.count), Int32(milliseconds))
    }
}
