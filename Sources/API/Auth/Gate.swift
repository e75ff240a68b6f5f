import HTTP
import Store

/// Who may ask. Without any key the server is bound to loopback, and a page on the internet must
/// not reach it through the user's browser: the Host must be loopback, and a foreign Origin is
/// refused.
package struct Gate: Sendable {
    let keys: KeyRing

    /// Whose request it is; nil where no key is needed.
    /// - Throws: `APIError` `unauthorized` or `forbidden`.
    func admit(_ request: Request, to access: Endpoint.Access) throws -> Principal? {
        guard keys.isNeeded else {
            try checkOrigin(request)
            return nil
        }
        if access == .open { return nil }
        let principal = try principal(request)
        guard case .scopes(let scopes) = access else { return principal }
        guard !principal.scopes.isDisjoint(with: scopes) else {
            let names = scopes.map { "`\($0.rawValue)`" }.sorted().joined(separator: " or ")
            throw APIError(
                .forbidden,
                "this API key lacks the scope \(names); `polytask keys create` makes another")
        }
        return principal
    }

    private func principal(_ request: Request) throws -> Principal {
        let sent = request.fields.values(of: "Authorization")
        guard let header = sent.first else {
            throw APIError(
                .unauthorized,
                "an API key is needed: send the header `Authorization: Bearer <key>`")
        }
        // Of two, a proxy may have looked at the other one.
        guard sent.count == 1, let token = Self.bearerToken(header),
            let principal = keys.principal(token)
        else { throw APIError(.unauthorized, "the API key is not valid") }
        return principal
    }

    private static func bearerToken(_ header: String) -> String? {
        let bytes = Array(header.utf8)
        let scheme = Array("bearer ".utf8)
        guard bytes.count > scheme.count,
            zip(bytes, scheme).allSatisfy({ $0 == $1 || ($1 != 0x20 && $0 == $1 & 0xDF) })
        else { return nil }
        return String(decoding: bytes[scheme.count...], as: UTF8.self)
    }

    private func checkOrigin(_ request: Request) throws {
        let host = request.authority
        guard host.isEmpty || Self.isLoopback(host) else {
            throw APIError(
                .forbidden,
                "this server has no API key and answers only to localhost, 127.0.0.1 and [::1]; "
                    + "make one with `polytask keys create` or set POLYTASK_API_KEY",
                parameter: "Host")
        }
        let own = "\(request.isSecure ? "https" : "http")://\(host)"
        if let origin = request.fields["Origin"], origin != own {
            throw APIError(
                .forbidden,
                "requests from pages of another origin need an API key (`polytask keys create`)",
                parameter: "Origin")
        }
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
