import HTTP

extension Exposition {
    /// What the server counted. Routes are patterns, so that their number is bounded.
    mutating func add(_ snapshot: MetricsSnapshot, own rejections: [Rejection]) {
        family("http_requests_total", .counter, "Requests answered.")
        let requests = snapshot.requests.sorted {
            ($0.key.route, $0.key.method.rawValue, $0.key.status)
                < ($1.key.route, $1.key.method.rawValue, $1.key.status)
        }
        for (series, count) in requests {
            sample(
                "http_requests_total", Double(count),
                [
                    "route": Self.label(series.route), "method": series.method.rawValue,
                    "status": String(series.status),
                ])
        }
        family(
            "http_request_duration_seconds", .histogram,
            "From the end of the request head to the last byte of the answer.")
        for (route, durations) in snapshot.durations.sorted(by: { $0.key < $1.key }) {
            histogram("http_request_duration_seconds", durations, route: Self.label(route))
        }
        single(
            "http_requests_in_flight", .gauge, "Requests being answered.",
            Double(snapshot.requestsInFlight))
        single(
            "http_connections_open", .gauge, "Connections open now.",
            Double(snapshot.connectionsOpen))
        single(
            "http_connections_accepted_total", .counter, "Connections accepted.",
            Double(snapshot.connectionsAccepted))
        single(
            "http_tls_handshakes_total", .counter, "TLS handshakes completed.",
            Double(snapshot.tlsHandshakes))
        single(
            "http_received_bytes_total", .counter, "Bytes received, in clear text.",
            Double(snapshot.receivedBytes))
        single(
            "http_sent_bytes_total", .counter, "Bytes sent, in clear text.",
            Double(snapshot.sentBytes))
        family("http_rejected_total", .counter, "What was refused or cut off, by reason.")
        var counts = Dictionary(uniqueKeysWithValues: rejections.map { ($0, UInt64(0)) })
        counts.merge(snapshot.rejections) { $0 + $1 }
        for (rejection, count) in counts.sorted(by: { $0.key.reason < $1.key.reason }) {
            sample("http_rejected_total", Double(count), ["reason": rejection.reason])
        }
    }

    private static func label(_ route: String) -> String { route.isEmpty ? "other" : route }
}
