internal import Glibc

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
                "Listening on \(place) failed: \(SystemCalls.describe(cause)).",
                systemCode: cause)
        }
    }
}
