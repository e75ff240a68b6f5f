internal import CLinux

/// What epoll says, or is asked to say, about a descriptor.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static var read: Readiness { Readiness(rawValue: EPOLLIN.rawValue) }
    package static var write: Readiness { Readiness(rawValue: EPOLLOUT.rawValue) }
    /// The peer sent FIN: it closed, or it half-closed and still reads.
    package static var readHangUp: Readiness { Readiness(rawValue: EPOLLRDHUP.rawValue) }
    /// Both directions are down. Always reported.
    package static var hangUp: Readiness { Readiness(rawValue: EPOLLHUP.rawValue) }
    /// A reset. Always reported.
    package static var error: Readiness { Readiness(rawValue: EPOLLERR.rawValue) }

    /// Asked for only: report changes, not states.
    package static var edges: Readiness { Readiness(rawValue: EPOLLET.rawValue) }

    /// Whether any of `others` is in it. Unlike the generic set operations it costs nothing when
    /// another module asks.
    package func hasAny(_ others: Readiness) -> Bool { rawValue & others.rawValue != 0 }
}
