import Glibc

/// A worker that runs as a child process of this one.
struct ChildProcess: WorkerLink {
    /// A child whose socket closed is usually about to exit: its own status tells more than ours.
    private static let exitMilliseconds = 250

    let descriptor: Int32
    let pid: pid_t

    func terminate() -> String {
        var status: Int32 = 0
        for _ in 0..<Self.exitMilliseconds / 10 {
            if waitpid(pid, &status, WNOHANG) == pid { return Self.describe(status) }
            // One that still holds its socket open will not exit by itself.
            if !peerClosed { break }
            usleep(10_000)
        }
        kill(pid, SIGKILL)
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        return Self.describe(status)
    }

    private var peerClosed: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) == 1 && Int32(entry.revents) & (POLLHUP | POLLERR) != 0
    }

    /// The macros of wait(2): the low seven bits are the signal, the next byte the exit status.
    private static func describe(_ status: Int32) -> String {
        let signal = status & 0x7f
        return signal == 0 ? "exit status \((status >> 8) & 0xff)" : "signal \(signal)"
    }
}
