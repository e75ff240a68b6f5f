/// Where a client request goes: an http or https URL without user, in ASCII.
package struct ClientURL: Sendable, Equatable {
    package var isSecure: Bool
    /// Name or address; a version 6 address without brackets.
    package var host: String
    package var port: UInt16
    /// Path and query, beginning with a slash.
    package var target: String

    /// nil for anything else; a fragment is left out.
    package init?(_ text: String) {
        let bytes = text.utf8
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        let schemes = [("https://", true), ("http://", false)]
        guard let (scheme, isSecure) = schemes.first(where: { text.hasPrefix($0.0) }) else {
            return nil
        }
        let rest = text.dropFirst(scheme.count).prefix { $0 != "#" }
        let authority = String(rest.prefix { $0 != "/" && $0 != "?" })
        let path = String(rest.dropFirst(authority.count))
        guard let (host, port) = Self.split(authority) else { return nil }
        self.isSecure = isSecure
        self.host = host
        self.port = port ?? (isSecure ? 443 : 80)
        target = path.hasPrefix("/") ? path : "/" + path
    }

    private static func split(_ authority: String) -> (host: String, port: UInt16?)? {
        var host = authority[...]
        var digits: Substring = ""
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            digits = host[host.index(after: end)...]
            host = host[host.index(after: host.startIndex)..<end]
            guard host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
        } else {
            if let colon = host.firstIndex(of: ":") {
                digits = host[colon...]
                host = host[..<colon]
            }
            guard
                host.utf8.allSatisfy({ byte in
                    byte == 0x2D || byte == 0x2E || byte == 0x5F || (0x30...0x39).contains(byte)
                        || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                })
            else { return nil }
        }
        guard !host.isEmpty, host.utf8.count <= 255 else { return nil }
        guard !digits.isEmpty else { return (String(host), nil) }
        let number = digits.dropFirst()
        guard digits.hasPrefix(":"), number.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(number), port > 0
        else { return nil }
        return (String(host), port)
    }

    /// Where a Location leads from here; nil for what is not followed: other schemes, and the way
    /// back from TLS to the clear.
    package func following(_ location: String) -> ClientURL? {
        if location.hasPrefix("/"), !location.hasPrefix("//") {
            var next = self
            guard location.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
            next.target = String(location.prefix { $0 != "#" })
            return next
        }
        guard let next = ClientURL(location), next.isSecure || !isSecure else { return nil }
        return next
    }

    /// As the Host field has it.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    package func isSameOrigin(as other: ClientURL) -> Bool {
        (isSecure, host, port) == (other.isSecure, other.host, other.port)
    }
}
