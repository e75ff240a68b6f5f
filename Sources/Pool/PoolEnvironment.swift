import Synchronization
import WorkerProtocol

/// What the pool needs from outside itself; tests bring their own.
package struct PoolEnvironment: Sendable {
    package var launcher: any WorkerLauncher
    package var limits: PoolLimits
    /// Seconds that only grow.
    package var clock: @Sendable () -> Double
    /// One line for the operator.
    package var report: @Sendable (String) -> Void
    let status = WorkerStatus()

    package init(
        launcher: any WorkerLauncher, limits: PoolLimits = PoolLimits(),
        clock: @escaping @Sendable () -> Double = MonotonicClock.seconds,
        report: @escaping @Sendable (String) -> Void = StandardError.line
    ) {
        self.launcher = launcher
        self.limits = limits
        self.clock = clock
        self.report = report
    }
}

/// What is known of the workers now, for other threads to read.
final class WorkerStatus: Sendable {
    private let infos = Mutex<[WorkerRole: WorkerInfo]>([:])
    private let counted = Mutex(PoolFigures())

    var figures: PoolFigures {
        let ready = infos.withLock { Set($0.keys) }
        return counted.withLock { figures in
            figures.ready = ready
            return figures
        }
    }

    func count(_ change: (inout PoolFigures) -> Void) { counted.withLock { change(&$0) } }

    func set(_ role: WorkerRole, _ info: WorkerInfo?) {
        infos.withLock { $0[role] = info }
    }

    var workers: [WorkerInfo] {
        infos.withLock { infos in WorkerRole.supervised.compactMap { infos[$0] } }
    }
}
