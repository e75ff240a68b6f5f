internal import Sockets

/// An HTTP/1.1 server: reactor threads, each with its own listeners (SO_REUSEPORT).
package final class Server: Sendable {
    private let lanes: [Lane]
    private let tls: TLSContext?
    /// The bound port (for port 0).
    package let port: UInt16

    /// Binds and listens; nothing is accepted before `start`. Raises the process's soft limit of
    /// open files.
    ///
    /// - Parameters:
    ///   - host: an IPv4 or IPv6 literal, or `localhost` for both loopbacks.
    ///   - threads: reactors; at least one.
    ///   - tls: makes the port speak TLS.
    ///   - metrics: where everything is counted.
    ///   - onRequest: called on a reactor's thread when a request is over; must not block.
    /// - Throws: `SocketError` whose message says what to do.
    package init(
        host: String, port: UInt16, threads: Int, limits: ServerLimits = ServerLimits(),
        tls: TLSSettings? = nil,
        metrics: ServerMetrics = ServerMetrics(),
        onRequest: (@Sendable (RequestRecord) -> Void)? = nil, router: Router
    ) throws {
        let count = max(1, threads)
        let limits = limits.within(
            descriptors: SystemCalls.raiseDescriptorLimit(), reactors: count)
        let connectionsMax = max(1, limits.connectionsMax / count)
        let tls = try tls.map {
            try TLSContext($0.files, applicationProtocol: "http/1.1")
        }
        self.tls = tls
        let addresses = AddressCounts(limits)
        let first = try Listeners(host: host, port: port, sharedPort: count > 1)
        self.port = first.port
        var others: [Lane] = []
        for index in 1..<max(1, count) {
            others.append(
                try Lane(
                    listeners: try Listeners(besides: first, host: host),
                    connectionsMax: connectionsMax, limits: limits, router: router,
                    tls: tls, addresses: addresses, metrics: metrics, onRequest: onRequest,
                    name: "http-\(index)"))
        }
        lanes =
            [
                try Lane(
                    listeners: first, connectionsMax: connectionsMax, limits: limits,
                    router: router, tls: tls, addresses: addresses, metrics: metrics,
                    onRequest: onRequest, name: "http-0")
            ] + others
    }

    /// Reads the certificate files again; open connections live on.
    ///
    /// - Throws: `SocketError` when they are wrong; nothing has changed then.
    package func reloadCertificates() throws { try tls?.reload() }

    /// Starts the threads.
    package func start() { for lane in lanes { lane.start() } }

    /// Stops accepting, lets requests finish up to `seconds`, then closes what is left and
    /// cancels its handlers. The server cannot be started again.
    package func drain(seconds: Double) async {
        let lanes = self.lanes
        let deadline = Task {
            try await Task.sleep(for: .seconds(max(0, seconds)))
            for lane in lanes { lane.closeAll() }
        }
        for lane in lanes { await lane.drain() }
        deadline.cancel()
        for lane in lanes { lane.stop() }
    }
}
