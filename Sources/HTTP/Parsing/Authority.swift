internal import Glibc

/// `host[:port]` (RFC 9110 §7.2): a name, an IPv4 address or a bracketed IPv6 address.
enum Authority {
    /// Sub-delimiters and percent-encoding, which the URI grammar would allow in a name, are
    /// refused: no real host has them, and proxies disagree about them.
    static func isValid(_ bytes: Bytes) -> Bool {
        guard let first = bytes.first else { return false }
        var index = 0
        if first == UInt8(ascii: "[") {
            index = 1
            while index < bytes.count, isAddressByte(bytes[index]) { index += 1 }
            guard index < bytes.count, bytes[index] == UInt8(ascii: "]"),
                isIPv6(Bytes(rebasing: bytes[1..<index]))
            else { return false }
            index += 1
        } else {
            while index < bytes.count, ByteClass.isUnreserved(bytes[index]) { index += 1 }
            guard index > 0 else { return false }
        }
        if index == bytes.count { return true }
        guard bytes[index] == UInt8(ascii: ":") else { return false }
        return isPort(bytes[(index + 1)...])
    }

    private static func isIPv6(_ text: Bytes) -> Bool {
        guard text.count <= 45 else { return false }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 46) { copy in
            copy.initialize(repeating: 0)
            for index in text.indices { copy[index] = CChar(bitPattern: text[index]) }
            var address = in6_addr()
            return inet_pton(AF_INET6, copy.baseAddress, &address) == 1
        }
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        ByteClass.hexValue(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }

    /// Up to 65535, possibly empty (RFC 3986 §3.2.3).
    private static func isPort(_ digits: Slice<Bytes>) -> Bool {
        var value = 0
        for digit in digits {
            guard ByteClass.isDigit(digit) else { return false }
            value = value * 10 + Int(digit &- 0x30)
            if value > 65_535 { return false }
        }
        return true
    }
}
