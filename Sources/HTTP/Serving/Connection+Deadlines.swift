internal import Sockets

extension Connection {
    enum Cause {
        case linger, writeStall, header, idle, body, halfClose
    }

    /// The next moment at which something is too late; nil while only the handler is awaited.
    func nextDeadline() -> (time: Double, cause: Cause)? {
        switch phase {
        case .closed: return nil
        case .lingering: return (lingerStarted + limits.lingerSeconds, .linger)
        case .open: break
        }
        var earliest: (time: Double, cause: Cause)?
        func consider(_ time: Double, _ cause: Cause) {
            if time < (earliest?.time ?? .infinity) { earliest = (time, cause) }
        }
        if !output.isEmpty {
            consider(lastWriteProgress + limits.writeStallSeconds, .writeStall)
        }
        if let exchange = receiving {
            if bodyPausedAt == nil && !exchange.awaitsContinue {
                consider(bodyDeadline(exchange), .body)
            }
        } else if exchanges.isEmpty {
            if let headerStarted {
                consider(headerStarted + limits.headerSeconds, .header)
            } else {
                consider(idleSince + limits.keepAliveSeconds, .idle)
            }
        }
        if let halfClosedAt, exchanges.contains(where: { $0.isComputing && !$0.isCancelled }) {
            consider(halfClosedAt + limits.halfCloseSeconds, .halfClose)
        }
        return earliest
    }

    /// Idle too long, or, after that time, below the least average.
    private func bodyDeadline(_ exchange: Exchange) -> Double {
        let affordable = Double(exchange.bodyBytes) / limits.bodyBytesPerSecondMin
        return min(
            exchange.lastBodyTime + limits.bodyIdleSeconds,
            exchange.bodyStarted + max(limits.bodyIdleSeconds, affordable))
    }

    /// Acts on a deadline that has come.
    func meet(_ cause: Cause) {
        switch cause {
        case .linger: close()
        case .writeStall:
            lane.metrics.count(.writeStallSeconds)
            close()
        case .idle:
            lane.metrics.count(.keepAliveSeconds)
            close()
        case .header:
            // A connection that sent nothing is closed in silence.
            if pending.isEmpty && parser.isBetweenRequests {
                lane.metrics.count(.headerSeconds)
                return close()
            }
            refuse(
                HTTPError(
                    408, "The header must be complete within \(limits.headerSeconds) seconds.",
                    rejection: .headerSeconds))
        case .body:
            let last = receiving?.lastBodyTime ?? 0
            let isIdle = reactor.now >= last + limits.bodyIdleSeconds
            refuse(
                HTTPError(
                    408,
                    "The body must keep coming: no pause of \(limits.bodyIdleSeconds) seconds, "
                        + "and \(limits.bodyBytesPerSecondMin) bytes a second on average.",
                    rejection: isIdle ? .bodyIdleSeconds : .bodyBytesPerSecond))
        case .halfClose:
            for exchange in exchanges where exchange.isComputing {
                exchange.task?.cancel()
            }
            halfClosedAt = .infinity
        }
    }
}
