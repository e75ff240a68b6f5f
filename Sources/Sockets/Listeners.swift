/// Listening sockets on every address that a host name means, all on one port.
package struct Listeners: ~Copyable {
    package private(set) var descriptors: [Int32]
    package let port: UInt16

    /// Binds and listens.
    ///
    /// - Parameters:
    ///   - host: an IPv4 or IPv6 literal (brackets allowed), or `localhost` (both loopbacks; a
    ///     machine without IPv6 gets the one).
    ///   - port: 0 lets the system choose.
    ///   - sharedPort: whether other listeners of this process take the same port.
    /// - Throws: `SocketError`.
    package init(host: String, port: UInt16, sharedPort: Bool) throws(SocketError) {
        let addresses = try Self.addresses(of: host)
        // A shared port would bind silently beside another server of the same user.
        if sharedPort && port != 0 { try Self.probe(addresses, port) }
        try self.init(addresses, port, sharedPort)
    }

    /// More listeners on the port that `first` holds, for another thread.
    package init(besides first: borrowing Listeners, host: String) throws(SocketError) {
        try self.init(try Self.addresses(of: host), first.port, true)
    }

    private init(_ addresses: [String], _ port: UInt16, _ sharedPort: Bool) throws(SocketError) {
        var descriptors: [Int32] = []
        var bound = port
        for (index, address) in addresses.enumerated() {
            switch SystemCalls.listen(address, bound, sharedPort: sharedPort) {
            case .success(let descriptor):
                descriptors.append(descriptor)
                if bound == 0 { bound = SystemCalls.boundPort(descriptor) }
            case .failure(let error):
                if index > 0 && error.code == .addressUnavailable { continue }
                for descriptor in descriptors { SystemCalls.close(descriptor) }
                throw error
            }
        }
        self.descriptors = descriptors
        self.port = bound
    }

    deinit { for descriptor in descriptors { SystemCalls.close(descriptor) } }

    private static func probe(_ addresses: [String], _ port: UInt16) throws(SocketError) {
        for (index, address) in addresses.enumerated() {
            switch SystemCalls.listen(address, port, sharedPort: false) {
            case .success(let descriptor): SystemCalls.close(descriptor)
            case .failure(let error):
                if index > 0 && error.code == .addressUnavailable { continue }
                throw error
            }
        }
    }

    private static func addresses(of host: String) throws(SocketError) -> [String] {
        if host == "localhost" { return ["127.0.0.1", "::1"] }
        if host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]") {
            return [String(host.dropFirst().dropLast())]
        }
        return [host]
    }
}
