internal import Sockets
internal import Synchronization

/// One reactor's counters. Written on its thread only, read from any.
final class LaneMetrics: Sendable {
    /// Route, method and status in one number, cheaper to hash.
    private struct Series: Hashable {
        var packed: Int

        init(route: Int, method: Method, status: Int) {
            packed = route << 20 | method.number << 16 | status & 0xFFFF
        }
        var route: Int { packed >> 20 }
        var method: Method { Method.allCases[packed >> 16 & 15] }
        var status: Int { packed & 0xFFFF }
    }
    private struct Tables {
        var requests: [Series: UInt64] = [:]
        var durations: [DurationHistogram?]
        var rejections: [Rejection: UInt64] = [:]
    }

    let connectionsOpen = Counter()
    let connectionsAccepted = Counter()
    let tlsHandshakes = Counter()
    let receivedBytes = Counter()
    let sentBytes = Counter()
    let requestsInFlight = Counter()
    private let routes: [String]
    private let tables: Guarded<Tables>

    /// - Parameter routes: patterns by their number.
    init(routes: [String]) {
        self.routes = routes
        tables = Guarded(Tables(durations: Array(repeating: nil, count: routes.count)))
    }

    func count(_ reason: Rejection) { tables.withLock { $0.rejections[reason, default: 0] += 1 } }

    func count(route: Int, method: Method, status: Int, seconds: Double) {
        let series = Series(route: route, method: method, status: status)
        tables.withLock { tables in
            tables.requests[series, default: 0] += 1
            if tables.durations[route] == nil { tables.durations[route] = DurationHistogram() }
            tables.durations[route]?.add(seconds: seconds)
        }
    }

    func add(to snapshot: inout MetricsSnapshot) {
        snapshot.connectionsOpen += connectionsOpen.value
        snapshot.connectionsAccepted += UInt64(connectionsAccepted.value)
        snapshot.tlsHandshakes += UInt64(tlsHandshakes.value)
        snapshot.receivedBytes += UInt64(receivedBytes.value)
        snapshot.sentBytes += UInt64(sentBytes.value)
        snapshot.requestsInFlight += requestsInFlight.value
        let tables = self.tables.withLock { $0 }
        for (reason, count) in tables.rejections {
            snapshot.rejections[reason, default: 0] += count
        }
        for (series, count) in tables.requests {
            let key = RequestSeries(
                route: routes[series.route], method: series.method, status: series.status)
            snapshot.requests[key, default: 0] += count
        }
        for (route, histogram) in zip(routes, tables.durations) {
            if let histogram {
                snapshot.durations[route, default: DurationHistogram()].merge(histogram)
            }
        }
    }
}

/// A number with one writing thread: no locked instruction.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    /// On the writing thread only.
    func add(_ amount: Int) { count.store(value &+ amount, ordering: .relaxed) }
}
