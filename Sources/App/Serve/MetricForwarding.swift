import API
import Foundation
import JSON
import Store
import Synchronization
import Tracking

/// Threads that pass metrics on, one a sink, for as long as the server lives.
final class MetricForwarding: Sendable {
    private let isStopped = Atomic<Bool>(false)

    /// - Parameter log: takes the reason when metrics cannot be passed on, once for each failure.
    init(
        _ makeSinks: [@Sendable (_ note: @escaping (String) -> Void) -> any MetricSink],
        store: Store, log: @escaping @Sendable (LogEntry) -> Void
    ) {
        for make in makeSinks {
            let thread = Thread { [self] in
                let sink = make { log(Self.warning($0)) }
                forward(MetricExport(store: store, sink: sink), log)
            }
            thread.name = "metrics"
            thread.start()
        }
    }

    func stop() { isStopped.store(true, ordering: .relaxed) }

    private func forward(_ export: MetricExport, _ log: (LogEntry) -> Void) {
        var export = export
        while !isStopped.load(ordering: .relaxed) {
            do {
                if try export.step() { continue }
            } catch {
                log(Self.warning("\(error)"))
            }
            wait(export.waitSeconds)
        }
    }

    private static func warning(_ message: String) -> LogEntry {
        LogEntry(.warning, "metrics_not_forwarded", [("message", .string(message))])
    }

    /// In short pieces, so that a stop is noticed.
    private func wait(_ seconds: Double) {
        var left = seconds
        while left > 0, !isStopped.load(ordering: .relaxed) {
            Thread.sleep(forTimeInterval: min(0.5, left))
            left -= 0.5
        }
    }
}
