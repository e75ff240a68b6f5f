// One thread, one epoll: descriptors, deadlines, and the tasks that prefer this thread.
// Knows no protocol.
internal import Synchronization

/// An event loop that is also a task executor, so that a handler's `await` resumes on the thread
/// that owns its connection.
///
/// Only `enqueue`, `perform`, `start`, `stop` and `isCurrent` may be used from other threads.
package final class Reactor: TaskExecutor, @unchecked Sendable {
    // @unchecked because everything but `mailbox` and `thread` is touched on the one thread only;
    // `register` and `callAtGroupEnd` check that.
    private struct Mailbox {
        var jobs: [UnownedJob] = []
        var urgentJobs: [UnownedJob] = []
        var work: [@Sendable () -> Void] = []
        var isSignalled = false
        var isStopped = false
    }
    private struct Slot {
        var handler: (any EventHandler)?
        var descriptor: Int32 = -1
        var generation: UInt32 = 0
    }

    private let name: String
    private let epoll: OwnedDescriptor
    private let wake: OwnedDescriptor
    private let mailbox = Guarded(Mailbox())
    /// 0 before the thread runs.
    private let thread = Atomic<UInt>(0)
    private var slots: [Slot] = []
    private var timers = Timers()
    private var localJobs: [UnownedJob] = []
    /// How many of `localJobs` have run.
    private var jobsRun = 0
    private var urgentJobs: [UnownedJob] = []
    private var groupEnders: [any EventHandler] = []
    private var endingGroup: [any EventHandler] = []

    /// Seconds on the monotonic clock, as of this turn.
    package private(set) var now = SystemCalls.monotonicSeconds()

    /// The token of the descriptor that wakes the loop; no registration can have it.
    private static let wakeToken = UInt64.max
    private static let eventsMax = 256
    /// So many events are taken before the writes they led to. Reading and answering a few
    /// connections in a row keeps that code in the processor's caches, which a write empties; with
    /// more, the connections themselves are no longer there.
    private static let groupEvents = 8
    /// How long task jobs run before the sockets are looked at again.
    private static let jobSeconds = 0.005
    private static let stackBytes = 4 << 20
    /// The least that the kernel takes.
    private static let sliceNanoseconds: UInt64 = 100_000

    /// - Throws: `SocketError` when the kernel has no descriptor left.
    package init(name: String) throws(SocketError) {
        self.name = name
        epoll = OwnedDescriptor(SystemCalls.makeEpoll())
        wake = OwnedDescriptor(SystemCalls.makeEvent())
        guard epoll.raw >= 0, wake.raw >= 0,
            SystemCalls.control(epoll.raw, .add, wake.raw, .read, token: Self.wakeToken)
        else {
            throw SocketError(
                .systemCallFailed,
                "The event loop got no descriptors: raise the limit of open files.",
                systemCode: SystemCalls.lastCode)
        }
    }

    // MARK: From any thread

    package var isCurrent: Bool {
        SystemCalls.currentThread == thread.load(ordering: .relaxed)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent { localJobs.append(job) } else { post { $0.jobs.append(job) } }
    }

    /// An executor on the same thread whose jobs run before all others.
    package private(set) lazy var urgent = UrgentExecutor(reactor: self)

    fileprivate func enqueueUrgent(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent { urgentJobs.append(job) } else { post { $0.urgentJobs.append(job) } }
    }

    /// Runs `work` on the reactor's thread, in the order of the calls, never inside this call.
    package func perform(_ work: @escaping @Sendable () -> Void) { post { $0.work.append(work) } }

    /// Ends the loop after this turn. Registered descriptors are their owners' to close.
    package func stop() { post { $0.isStopped = true } }

    private func post(_ change: (inout Mailbox) -> Void) {
        let mustSignal = mailbox.withLock { mailbox in
            change(&mailbox)
            defer { mailbox.isSignalled = true }
            return !mailbox.isSignalled
        }
        if mustSignal { SystemCalls.signal(wake.raw) }
    }

    /// Starts the thread.
    package func start() {
        let isStarted = SystemCalls.startThread(stackBytes: Self.stackBytes) { [self] in run() }
        precondition(isStarted, "a thread can be made")
    }

    // MARK: On the reactor's thread

    /// Watches a descriptor. The token stays valid until `unregister`. 0 when epoll refuses.
    package func register(
        _ descriptor: Int32, _ interest: Readiness, _ handler: any EventHandler
    ) -> UInt64 {
        precondition(isCurrent, "registering happens on the reactor's thread")
        let index = Int(descriptor)
        while slots.count <= index { slots.append(Slot()) }
        slots[index].generation &+= 1
        slots[index].handler = handler
        slots[index].descriptor = descriptor
        let token = UInt64(slots[index].generation) << 32 | UInt64(UInt32(descriptor))
        if SystemCalls.control(epoll.raw, .add, descriptor, interest, token: token) { return token }
        slots[index].handler = nil
        return 0
    }

    package func change(_ token: UInt64, to interest: Readiness) {
        let descriptor = Int32(truncatingIfNeeded: token)
        _ = SystemCalls.control(epoll.raw, .modify, descriptor, interest, token: token)
    }

    /// Events and deadlines of that token are dropped from now on. Do this before closing.
    package func unregister(_ token: UInt64) {
        guard handler(of: token) != nil else { return }
        let index = Int(UInt32(truncatingIfNeeded: token))
        let descriptor = slots[index].descriptor
        _ = SystemCalls.control(epoll.raw, .remove, descriptor, [], token: token)
        slots[index].handler = nil
    }

    /// Calls `expired` of that token's handler at `deadline`.
    package func arm(_ token: UInt64, at deadline: Double) { timers.arm(token, at: deadline) }

    /// Calls `groupEnded` once, after this group of events or this turn's jobs: the place to write,
    /// so that several answers leave in one call.
    package func callAtGroupEnd(_ handler: any EventHandler) {
        precondition(isCurrent, "groups are the reactor's")
        groupEnders.append(handler)
    }

    private func handler(of token: UInt64) -> (any EventHandler)? {
        let index = Int(UInt32(truncatingIfNeeded: token))
        guard index < slots.count,
            slots[index].generation == UInt32(truncatingIfNeeded: token >> 32)
        else { return nil }
        return slots[index].handler
    }

    // MARK: The loop

    private func run() {
        thread.store(SystemCalls.currentThread, ordering: .relaxed)
        // An answer must not wait until somebody's computing has had its few milliseconds.
        SystemCalls.settleThread(name: name, sliceNanoseconds: Self.sliceNanoseconds)
        let events = SystemCalls.Events(countMax: Self.eventsMax)
        var isStopped = false
        while !isStopped {
            let count = events.wait(epoll.raw, milliseconds: waitMilliseconds())
            now = SystemCalls.monotonicSeconds()
            for index in 0..<count {
                let (token, readiness) = events[index]
                if token == Self.wakeToken {
                    isStopped = takeMail() || isStopped
                } else {
                    handler(of: token)?.ready(readiness)
                }
                if index % Self.groupEvents == Self.groupEvents - 1 { endGroup() }
            }
            expireTimers()
            runJobs()
            endGroup()
        }
    }

    private func waitMilliseconds() -> Int32 {
        if !localJobs.isEmpty || !groupEnders.isEmpty { return 0 }
        guard let earliest = timers.earliest else { return -1 }
        // Rounded up, so that the loop does not wake just before the deadline.
        let milliseconds = ((earliest - SystemCalls.monotonicSeconds()) * 1000).rounded(.up)
        return Int32(min(max(milliseconds, 0), 60_000))
    }

    /// Whether the loop shall end.
    private func takeMail() -> Bool {
        SystemCalls.clear(wake.raw)
        var mail = Mailbox()
        mailbox.withLock { mailbox in
            swap(&mail, &mailbox)
            mailbox.isStopped = mail.isStopped
        }
        localJobs.append(contentsOf: mail.jobs)
        urgentJobs.append(contentsOf: mail.urgentJobs)
        for work in mail.work { work() }
        return mail.isStopped
    }

    private func expireTimers() {
        while let entry = timers.popExpired(at: now) {
            handler(of: entry.token)?.expired(armedFor: entry.deadline)
        }
    }

    /// Runs jobs until none is left or their time is over; urgent ones go first at every moment.
    private func runJobs() {
        while true {
            if !urgentJobs.isEmpty {
                let jobs = urgentJobs
                urgentJobs = []
                for job in jobs { job.runSynchronously(on: urgent.asUnownedTaskExecutor()) }
                continue
            }
            guard jobsRun < localJobs.count else { break }
            let job = localJobs[jobsRun]
            jobsRun += 1
            job.runSynchronously(on: asUnownedTaskExecutor())
            if jobsRun & 7 == 0, SystemCalls.monotonicSeconds() - now > Self.jobSeconds {
                localJobs.removeFirst(jobsRun)
                jobsRun = 0
                return
            }
        }
        localJobs.removeAll(keepingCapacity: true)
        jobsRun = 0
    }

    private func endGroup() {
        guard !groupEnders.isEmpty else { return }
        swap(&groupEnders, &endingGroup)
        for handler in endingGroup { handler.groupEnded() }
        endingGroup.removeAll(keepingCapacity: true)
    }
}

/// Runs jobs on a reactor's thread before those of the reactor itself.
package final class UrgentExecutor: TaskExecutor {
    private unowned let reactor: Reactor

    fileprivate init(reactor: Reactor) { self.reactor = reactor }

    package func enqueue(_ job: consuming ExecutorJob) { reactor.enqueueUrgent(job) }
}
