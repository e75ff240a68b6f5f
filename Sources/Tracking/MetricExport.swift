// Passes on what the store has measured, behind everybody's back: no run waits for it, and none
// fails because of it.

internal import Glibc
package import Store

/// Where metrics go.
package protocol MetricSink: AnyObject {
    /// Stable over restarts: what was passed on is remembered by it.
    var name: String { get }

    /// Takes metrics of some runs, in their order; the same ones again after a failure.
    /// - Parameter runs: by id.
    func write(_ metrics: [RunMetric], runs: [String: RunRecord]) throws
    /// Takes notice of runs that have ended since; called after `write`, again after a failure.
    func ended(_ runs: [RunRecord]) throws
    /// Ids of runs whose end the sink's other side was not told of before this start.
    func unfinished() throws -> Set<String>
}

extension MetricSink {
    package func ended(_ runs: [RunRecord]) throws {}
    package func unfinished() throws -> Set<String> { [] }
}

/// Moves new metrics from the store to one sink, in batches; remembers how far it came.
package struct MetricExport {
    private static let batch = 1000
    private static let waitSeconds = 2.0
    private static let waitSecondsMax = 300.0

    private let store: Store
    private let sink: any MetricSink
    private var position: Int64?
    /// Runs whose end the sink was not told of; `nil` until it has said which those are.
    private var open: Set<String>?
    private var failures = 0

    package init(store: Store, sink: any MetricSink) {
        self.store = store
        self.sink = sink
    }

    /// Seconds until the next look, longer after each failure in a row.
    package var waitSeconds: Double {
        min(Self.waitSecondsMax, Self.waitSeconds * pow(2, Double(min(failures, 10))))
    }

    /// Passes on one batch.
    /// - Returns: whether there may be more at once.
    package mutating func step() throws -> Bool {
        do {
            let more = try advance()
            failures = 0
            return more
        } catch {
            failures += 1
            throw error
        }
    }

    private mutating func advance() throws -> Bool {
        let before = try open ?? sink.unfinished()
        let from = try position ?? store.position(ofExporter: sink.name) ?? 0
        let metrics = try store.metrics(after: from, limit: Self.batch)
        var runs: [String: RunRecord] = [:]
        for id in Set(metrics.map(\.run)) { runs[id] = try store.run(id) }
        // What the store does not know is another server's, which sends to the same place.
        for id in before where runs[id] == nil { runs[id] = try store.found { try $0.run(id) } }
        if let last = metrics.last {
            try sink.write(metrics, runs: runs)
            // Said only now: after a crash in between they are written again, never left out.
            try store.setPosition(last.record.number, ofExporter: sink.name)
            position = last.record.number
        }
        open = Set(runs.keys)
        let isMore = metrics.count == Self.batch
        let over = isMore ? [] : runs.values.filter(\.status.isEnded).sorted { $0.id < $1.id }
        if !over.isEmpty { try sink.ended(over) }
        open?.subtract(over.map(\.id))
        return isMore
    }
}
