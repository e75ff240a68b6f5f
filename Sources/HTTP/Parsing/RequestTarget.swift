/// The target of a request line, in origin, absolute or asterisk form (RFC 9112 §3.2).
struct RequestTarget: Sendable, Equatable {
    /// Path and query as sent.
    var text: String
    /// The authority of an absolute form.
    var authority: String?

    /// - Throws: `HTTPError` 400.
    init(_ bytes: Bytes, method: Method) throws(HTTPError) {
        guard let first = bytes.first else { throw Self.malformed }
        for byte in bytes where byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: "#") {
            throw Self.malformed
        }
        if first == UInt8(ascii: "/") {
            text = String(decoding: bytes, as: UTF8.self)
        } else if first == UInt8(ascii: "*") {
            guard bytes.count == 1, method == .options else { throw Self.malformed }
            text = "*"
        } else {
            (text, authority) = try Self.absolute(bytes, method: method)
        }
    }

    private static func absolute(
        _ bytes: Bytes, method: Method
    ) throws(HTTPError) -> (text: String, authority: String) {
        guard let schemeLength = schemeLength(bytes) else { throw malformed }
        let rest = Bytes(rebasing: bytes[schemeLength...])
        let end =
            rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.count
        let host = Bytes(rebasing: rest[..<end])
        guard Authority.isValid(host) else { throw malformed }
        let authority = String(decoding: host, as: UTF8.self)
        let remainder = String(decoding: rest[end...], as: UTF8.self)
        // OPTIONS on an absolute target without path is the asterisk form (RFC 9112 §3.2.4).
        if remainder.isEmpty { return (method == .options ? "*" : "/", authority) }
        return (rest[end] == UInt8(ascii: "?") ? "/" + remainder : remainder, authority)
    }

    private static func schemeLength(_ bytes: Bytes) -> Int? {
        for scheme: StaticString in ["http://", "https://"] {
            let count = scheme.utf8CodeUnitCount
            guard bytes.count > count else { continue }
            var isEqual = true
            for index in 0..<count
            where ByteClass.lowercased(bytes[index]) != scheme.utf8Start[index] {
                isEqual = false
            }
            if isEqual { return count }
        }
        return nil
    }

    private static var malformed: HTTPError {
        .malformed(
            "The request target must be a path or an absolute http URL of visible ASCII.")
    }
}
