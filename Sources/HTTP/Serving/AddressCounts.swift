internal import Sockets

/// Open connections by peer address, over all reactors.
final class AddressCounts: Sendable {
    private let countMax: Int
    private let exempt: Set<String>
    private let exemptsLoopback: Bool
    private let counts = Guarded<[String: Int]>([:])

    /// Nil when addresses are not limited.
    init?(_ limits: ServerLimits) {
        guard let countMax = limits.connectionsPerAddressMax else { return nil }
        self.countMax = countMax
        exempt = limits.trustedProxies
        exemptsLoopback = limits.exemptsLoopback
    }

    /// Whether one more connection of that address has a place; it is taken then.
    func take(_ address: String) -> Bool {
        if isExempt(address) { return true }
        return counts.withLock { counts in
            let count = counts[address] ?? 0
            guard count < countMax else { return false }
            counts[address] = count + 1
            return true
        }
    }

    /// Gives a taken place back.
    func release(_ address: String) {
        if isExempt(address) { return }
        counts.withLock { counts in
            guard let count = counts[address] else { return }
            counts[address] = count > 1 ? count - 1 : nil
        }
    }

    private func isExempt(_ address: String) -> Bool {
        exempt.contains(address)
            || exemptsLoopback && (address == "::1" || address.hasPrefix("127."))
    }
}
