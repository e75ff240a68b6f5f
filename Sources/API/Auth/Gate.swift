package import HTTP

/// Who may ask. Deny is the default: every path but `Gate.open` needs the key.
///
/// Without a key the server is bound to loopback, and a page on the internet must not reach it
/// through the user's browser: the Host must be loopback, and a foreign Origin is refused.
package struct Gate: Sendable {
    /// Paths that answer without a key.
    package static let open: Set<String> = ["/livez", "/readyz"]

    package var key: APIKey?

    package init(key: APIKey?) { self.key = key }

    /// - Returns: why the request is refused; nil lets it pass.
    package func refusal(_ request: Request) -> APIError? {
        guard let key else { return refusalWithoutKey(request) }
        if Self.open.contains(request.path) { return nil }
        guard let header = request.fields["Authorization"] else {
            return APIError(
                .unauthorized,
                "an API key is needed: send the header `Authorization: Bearer <key>`")
        }
        guard let token = Self.bearerToken(header), key.matches(token) else {
            return APIError(.unauthorized, "the API key is not valid")
        }
        return nil
    }

    private static func bearerToken(_ header: String) -> String? {
        let bytes = Array(header.utf8)
        let scheme = Array("bearer ".utf8)
        guard bytes.count > scheme.count,
            zip(bytes, scheme).allSatisfy({ $0 == $1 || ($1 != 0x20 && $0 == $1 & 0xDF) })
        else { return nil }
        return String(decoding: bytes[scheme.count...], as: UTF8.self)
    }

    private func refusalWithoutKey(_ request: Request) -> APIError? {
        let host = request.authority
        guard host.isEmpty || Self.isLoopback(host) else {
            return APIError(
                .forbidden,
                "this server has no API key and answers only to localhost, 127.0.0.1 and [::1]; "
                    + "set POLYTASK_API_KEY to serve under another name", parameter: "Host")
        }
        if let origin = request.fields["Origin"], origin != "http://\(host)" {
            return APIError(
                .forbidden,
                "requests from pages of another origin need an API key (POLYTASK_API_KEY)",
                parameter: "Origin")
        }
        return nil
    }

    /// Whether an authority (`host[:port]`) names this machine.
    package static func isLoopback(_ authority: String) -> Bool {
        var host = Array(authority.utf8)
        if let bracket = host.lastIndex(of: UInt8(ascii: "]")) {
            host = Array(host[...bracket])
        } else if let colon = host.lastIndex(of: UInt8(ascii: ":")) {
            host = Array(host[..<colon])
        }
        let name = String(
            decoding: host.map { $0 | ($0 >= 0x41 && $0 <= 0x5A ? 0x20 : 0) },
            as: UTF8.self)
        if name == "localhost" || name == "[::1]" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.dropFirst().allSatisfy {
                (1...3).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) }
            }
    }
}
