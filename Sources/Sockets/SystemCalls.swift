// Every system call of the socket layer; EINTR is handled here and nowhere else.
internal import CLinux
internal import Glibc

/// What a read or a write on a non-blocking socket came to.
package enum Transfer: Sendable, Equatable {
    case bytes(Int)
    case wouldBlock
    /// The peer sent FIN (reads only).
    case end
    /// FIN without the close_notify that TLS wants before it (reads only).
    case cutOff
    case failed(Int32)
}

/// What `accept` came to.
package enum Acceptance: Sendable, Equatable {
    case descriptor(Int32)
    case none
    /// EMFILE or ENFILE: no descriptor is left.
    case exhausted
    /// That one connection was gone already; others may wait.
    case lost
}

package enum SystemCalls {
    @inline(__always)
    private static func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }

    /// Seconds on the monotonic clock.
    package static func monotonicSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    package static func receive(
        _ descriptor: Int32, _ buffer: UnsafeMutableBufferPointer<UInt8>
    ) -> Transfer {
        let count = retrying { recv(descriptor, buffer.baseAddress, buffer.count, 0) }
        if count > 0 { return .bytes(count) }
        if count == 0 { return .end }
        return errno == EAGAIN ? .wouldBlock : .failed(errno)
    }

    /// Never raises SIGPIPE.
    package static func send(
        _ descriptor: Int32, _ buffer: UnsafeBufferPointer<UInt8>
    ) -> Transfer {
        let count = retrying {
            Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
        }
        if count >= 0 { return .bytes(count) }
        return errno == EAGAIN ? .wouldBlock : .failed(errno)
    }

    package static func accept(_ listener: Int32) -> Acceptance {
        let descriptor = retrying { linux_accept(listener) }
        if descriptor >= 0 { return .descriptor(descriptor) }
        switch errno {
        case EAGAIN: return .none
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
        default: return .lost
        }
    }

    /// A listening socket on a literal address, or the `errno`.
    static func listen(
        _ address: String, _ port: UInt16, sharedPort: Bool
    ) -> Result<Int32, SocketError> {
        let descriptor = linux_listen(address, port, 4096, sharedPort ? 1 : 0)
        guard descriptor < 0 else { return .success(descriptor) }
        return .failure(.listening(on: address, port, errno))
    }

    static func boundPort(_ descriptor: Int32) -> UInt16 {
        UInt16(truncatingIfNeeded: linux_bound_port(descriptor))
    }

    /// The peer's address without its port; empty when it is gone.
    package static func peerAddress(_ descriptor: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            guard let start = text.baseAddress,
                linux_peer_address(descriptor, start, Int32(text.count)) == 0
            else { return "" }
            return String(cString: start)
        }
    }

    /// Sends FIN, keeps reading.
    package static func finishSending(_ descriptor: Int32) {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Linux closes even when it says EINTR, so there is no retry.
    package static func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }

    /// A descriptor that does nothing but occupy its number, or -1.
    package static func reserveDescriptor() -> Int32 { open("/dev/null", O_RDONLY | O_CLOEXEC) }

    /// Raises the process's limit of open files as far as it may go by itself.
    package static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    static func makeEpoll() -> Int32 { epoll_create1(Int32(EPOLL_CLOEXEC)) }

    static func makeEvent() -> Int32 {
        eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    }

    static func signal(_ event: Int32) { _ = eventfd_write(event, 1) }

    static func clear(_ event: Int32) {
        var value: eventfd_t = 0
        _ = eventfd_read(event, &value)
    }

    enum EpollOperation { case add, modify, remove }

    static func control(
        _ epoll: Int32, _ operation: EpollOperation, _ descriptor: Int32,
        _ events: Readiness, token: UInt64
    ) -> Bool {
        let code =
            switch operation {
            case .add: EPOLL_CTL_ADD
            case .modify: EPOLL_CTL_MOD
            case .remove: EPOLL_CTL_DEL
            }
        return linux_epoll_control(epoll, code, descriptor, events.rawValue, token) == 0
    }

    /// Fills `events`; 0 on time-out.
    static func wait(
        _ epoll: Int32, _ events: UnsafeMutableBufferPointer<epoll_event>, milliseconds: Int32
    ) -> Int {
        let count = epoll_wait(epoll, events.baseAddress, Int32(events.count), milliseconds)
        return count > 0 ? Int(count) : 0
    }
}

extension SocketError {
    static func listening(on address: String, _ port: UInt16, _ cause: Int32) -> SocketError {
        let place = "\(address) port \(port)"
        switch cause {
        case EADDRINUSE:
            return SocketError(
                .addressInUse,
                "\(place) is in use: stop the program that listens there or choose another port.",
                systemCode: cause)
        case EACCES, EPERM:
            return SocketError(
                .permissionDenied,
                "\(place) may not be bound by this user: choose a port of 1024 or above.",
                systemCode: cause)
        case EADDRNOTAVAIL, EAFNOSUPPORT:
            return SocketError(
                .addressUnavailable,
                "\(place) is no address of this machine: choose one that it has.",
                systemCode: cause)
        case EINVAL:
            return SocketError(
                .addressInvalid,
                "The host must be an IPv4 or IPv6 address or `localhost`.", systemCode: cause)
        default:
            return SocketError(
                .systemCallFailed,
                "Listening on \(place) failed: \(String(cString: strerror(cause))).",
                systemCode: cause)
        }
    }
}
