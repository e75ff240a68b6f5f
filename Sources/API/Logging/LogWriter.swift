import Glibc
import Synchronization
import WorkerProtocol

/// Writes log lines to a descriptor on a thread of its own, so that nobody waits for a slow disk
/// or terminal. When that falls behind, lines are dropped and their number is said.
package final class LogWriter: Sendable {
    private struct Pending {
        var lines: [[UInt8]] = []
        var dropped = 0
    }

    private static let linesMax = 8192

    private let descriptor: Int32
    private let pending = Mutex(Pending())
    /// A count of batches that wait: the thread sleeps on it.
    // nonisolated(unsafe) because semaphores are made to be shared.
    private nonisolated(unsafe) let bell: UnsafeMutablePointer<sem_t>

    /// - Throws: `ProtocolError` when the system has no thread left.
    package init(descriptor: Int32 = STDERR_FILENO) throws {
        self.descriptor = descriptor
        // Never freed: a log lives as long as its process.
        bell = .allocate(capacity: 1)
        sem_init(bell, 0, 0)
        try OwnThread.start("log") { [self] in run() }
    }

    /// From any thread; never waits.
    package func write(_ entry: LogEntry) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let line = entry.line(time: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
        let isFirst = pending.withLock { pending in
            guard pending.lines.count < Self.linesMax else {
                pending.dropped += 1
                return false
            }
            pending.lines.append(line)
            return pending.lines.count == 1
        }
        if isFirst { sem_post(bell) }
    }

    private func run() {
        while true {
            while sem_wait(bell) == -1 && errno == EINTR {}
            flush()
        }
    }

    /// Writes what waits, on the calling thread: for the end of the process.
    package func flush() {
        let (lines, dropped) = pending.withLock { pending in
            defer { pending = Pending() }
            return (pending.lines, pending.dropped)
        }
        var bytes = Array(lines.joined())
        if dropped > 0 {
            let entry = LogEntry(
                .warning, "log_lines_dropped", [(name: "lines", value: .count(dropped))])
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            bytes += entry.line(time: Double(time.tv_sec))
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
