/// What a server has counted so far, over all its reactors.
package struct MetricsSnapshot: Sendable {
    package var connectionsOpen = 0
    package var connectionsAccepted: UInt64 = 0
    /// Completed ones.
    package var tlsHandshakes: UInt64 = 0
    /// Clear text, heads included.
    package var receivedBytes: UInt64 = 0
    /// Clear text, heads included.
    package var sentBytes: UInt64 = 0
    package var requestsInFlight = 0
    /// Every reason of `Rejection.wire` is there.
    package var rejections: [Rejection: UInt64] = Dictionary(
        uniqueKeysWithValues: Rejection.wire.map { ($0, 0) })
    package var requests: [RequestSeries: UInt64] = [:]
    /// By route pattern; "" for requests without a route.
    package var durations: [String: DurationHistogram] = [:]

    package init() {}
}

/// The labels of a request counter.
package struct RequestSeries: Hashable, Sendable {
    /// The pattern that matched; "" when none did.
    package var route: String
    package var method: Method
    package var status: Int

    package init(route: String, method: Method, status: Int) {
        self.route = route
        self.method = method
        self.status = status
    }
}
