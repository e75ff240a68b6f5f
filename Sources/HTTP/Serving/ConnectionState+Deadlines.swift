extension ConnectionState {
    private enum Cause {
        case linger, writeStall, header, idle, body, halfClose
    }

    /// The next moment at which something is too late; nil while only a handler is awaited.
    var deadline: Double? { nextDeadline()?.time }

    /// Acts on a deadline that has come, if one has.
    mutating func meetDeadline() {
        guard let due = nextDeadline(), due.time <= now else { return }
        meet(due.cause)
    }

    private func nextDeadline() -> (time: Double, cause: Cause)? {
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
        if let receiving {
            if receiving.pausedAt == nil && !receiving.awaitsContinue {
                consider(bodyDeadline(receiving), .body)
            }
        } else if exchanges.isEmpty {
            if let headerStarted {
                consider(headerStarted + limits.headerSeconds, .header)
            } else {
                consider(idleSince + limits.keepAliveSeconds, .idle)
            }
        }
        if let halfClosedAt, exchanges.contains(where: { $0.isComputing && !$0.isInterrupted }) {
            consider(halfClosedAt + limits.halfCloseSeconds, .halfClose)
        }
        return earliest
    }

    /// Idle too long, or, after that time, below the least average.
    private func bodyDeadline(_ body: ReceivingState) -> Double {
        let affordable = Double(body.bytes) / limits.bodyBytesPerSecondMin
        return min(
            body.lastTime + limits.bodyIdleSeconds,
            body.started + max(limits.bodyIdleSeconds, affordable))
    }

    private mutating func meet(_ cause: Cause) {
        switch cause {
        case .linger: close()
        case .writeStall: close(.writeStallSeconds)
        case .idle: close(.keepAliveSeconds)
        case .header:
            // A connection that sent nothing is closed in silence.
            if !hasPending && parser.isBetweenRequests { return close(.headerSeconds) }
            refuse(
                HTTPError(
                    408, "The header must be complete within \(limits.headerSeconds) seconds.",
                    rejection: .headerSeconds))
        case .body:
            let isIdle = now >= (receiving?.lastTime ?? 0) + limits.bodyIdleSeconds
            refuse(
                HTTPError(
                    408,
                    "The body must keep coming: no pause of \(limits.bodyIdleSeconds) seconds, "
                        + "and \(limits.bodyBytesPerSecondMin) bytes a second on average.",
                    rejection: isIdle ? .bodyIdleSeconds : .bodyBytesPerSecond))
        case .halfClose:
            for index in exchanges.indices where exchanges[index].isComputing {
                exchanges[index].isInterrupted = true
                act(.interrupt(exchanges[index].number))
            }
        }
    }
}
