import Glibc
import WorkerProtocol

/// Two connected stream sockets that no other child inherits.
enum StreamPair {
    /// - Throws: `WorkerFailure` with code `internal`.
    static func make() throws -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            throw WorkerFailure(
                code: "internal",
                message: "no socket pair for a worker: \(String(cString: strerror(errno))); "
                    + "raise the limit of open files")
        }
        return (ends[0], ends[1])
    }
}
