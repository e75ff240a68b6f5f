internal import Sockets

/// The counters of a server: written by its reactors, read by whoever renders them.
package final class ServerMetrics: Sendable {
    private let lanes = Guarded<[LaneMetrics]>([])
    private let others = Guarded<[Rejection: UInt64]>([:])

    package init() {}

    /// Everything up to now. From any thread; O(reactors × series).
    package func snapshot() -> MetricsSnapshot {
        var snapshot = MetricsSnapshot()
        for lane in lanes.withLock({ $0 }) { lane.add(to: &snapshot) }
        others.withLock { others in
            for (reason, count) in others { snapshot.rejections[reason, default: 0] += count }
        }
        return snapshot
    }

    /// Counts a refusal that was decided above the wire. From any thread.
    package func count(_ reason: Rejection) {
        others.withLock { $0[reason, default: 0] += 1 }
    }

    func makeLane(routes: [String]) -> LaneMetrics {
        let lane = LaneMetrics(routes: routes)
        lanes.withLock { $0.append(lane) }
        return lane
    }
}
