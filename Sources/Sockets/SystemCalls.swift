// Every system call of the socket layer, and of HTTP; EINTR is handled here and nowhere else. What
// OpenSSL calls on a descriptor of ours is its own.
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

    /// The `errno` of the call before, on this thread.
    static var lastCode: Int32 { errno }

    static func describe(_ code: Int32) -> String { String(cString: strerror(code)) }

    /// Seconds since 1970.
    package static func wallSeconds() -> Int { time(nil) }

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

    /// Raises the process's limit of open files as far as it may go by itself; what it is then.
    package static func raiseDescriptorLimit() -> Int {
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0 else { return .max }
        var raised = limit
        raised.rlim_cur = limit.rlim_max
        return Int(clamping: (setrlimit(files, &raised) == 0 ? raised : limit).rlim_cur)
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

    // MARK: Epoll

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

    /// What epoll reported last.
    struct Events: ~Copyable {
        private let events: UnsafeMutableBufferPointer<epoll_event>

        init(countMax: Int) { events = .allocate(capacity: countMax) }

        deinit { events.deallocate() }

        /// Waits; how many there are, 0 on time-out.
        func wait(_ epoll: Int32, milliseconds: Int32) -> Int {
            let count = epoll_wait(epoll, events.baseAddress, Int32(events.count), milliseconds)
            return count > 0 ? Int(count) : 0
        }

        subscript(index: Int) -> (token: UInt64, readiness: Readiness) {
            (events[index].data.u64, Readiness(rawValue: events[index].events))
        }
    }

    // MARK: Threads

    static var currentThread: UInt { pthread_self() }

    /// Starts a thread that nobody waits for; false when the system has none left.
    static func startThread(
        stackBytes: Int, _ body: @escaping @Sendable () -> Void
    ) -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let argument = Unmanaged.passRetained(ThreadBody(run: body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                if let argument {
                    Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, argument.toOpaque())
        if code != 0 { argument.release() }
        return code == 0
    }

    /// Names the current thread, and asks for the processor soon and for short times.
    static func settleThread(name: String, sliceNanoseconds: UInt64) {
        linux_name_thread(name)
        _ = linux_ask_short_slices(sliceNanoseconds)
    }

    private final class ThreadBody: Sendable {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }

    // MARK: Clients

    /// From now on a write to a connection that is gone fails instead of ending the process:
    /// OpenSSL writes without MSG_NOSIGNAL.
    static func ignoreBrokenPipes() { _ = Glibc.signal(SIGPIPE, SIG_IGN) }

    /// A socket that waits, connected to the first of the host's addresses that answers; each
    /// read and write may take `seconds`.
    static func connect(
        _ host: String, _ port: UInt16, seconds: Int
    ) -> Result<Int32, SocketError> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &list) == 0 else {
            return .failure(
                SocketError(.addressUnavailable, "the host has no address; check its name"))
        }
        defer { freeaddrinfo(list) }
        var code: Int32 = 0
        var next = list
        while let address = next?.pointee {
            next = address.ai_next
            let descriptor = socket(
                address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue),
                address.ai_protocol)
            guard descriptor >= 0 else { continue }
            var limit = timeval(tv_sec: seconds, tv_usec: 0)
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                setsockopt(
                    descriptor, SOL_SOCKET, option, &limit,
                    socklen_t(MemoryLayout<timeval>.size))
            }
            if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 {
                return .success(descriptor)
            }
            code = errno
            close(descriptor)
        }
        return .failure(
            SocketError(
                .connectionFailed, "the host cannot be reached: \(describe(code))",
                systemCode: code))
    }
}
