internal import CLinux

/// What epoll says, or is asked to say, about a descriptor.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let read = Readiness(rawValue: EPOLLIN.rawValue)
    package static let write = Readiness(rawValue: EPOLLOUT.rawValue)
    /// The peer sent FIN: it closed, or it half-closed and still reads.
    package static let readHangUp = Readiness(rawValue: EPOLLRDHUP.rawValue)
    /// Both directions are down. Always reported.
    package static let hangUp = Readiness(rawValue: EPOLLHUP.rawValue)
    /// A reset. Always reported.
    package static let error = Readiness(rawValue: EPOLLERR.rawValue)

    /// Whether any of `others` is in it. Unlike the generic set operations it costs nothing when
    /// another module asks.
    package func hasAny(_ others: Readiness) -> Bool { rawValue & others.rawValue != 0 }
}
