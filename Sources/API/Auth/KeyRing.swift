import Store
import Synchronization

/// The keys that open the server, as they stand now. Any thread.
final class KeyRing: Sendable {
    private struct Keys {
        var principals: [UInt64: [Principal]] = [:]
        /// A server that has had a key never goes back to asking for none.
        var isNeeded = false
    }

    private let configured: Principal?
    private let keys = Mutex(Keys())

    init(configured: APIKey?, stored: [KeyRecord]) {
        self.configured = configured.map { Principal(configured: $0) }
        update(stored)
    }

    /// Whether requests must carry a key.
    var isNeeded: Bool { keys.withLock { $0.isNeeded } }

    /// Takes over what the store holds now. Keys that stay keep their usage.
    func update(_ stored: [KeyRecord]) {
        let valid = stored.filter { $0.revoked == nil }
        keys.withLock { keys in
            let known = Dictionary(
                keys.principals.values.joined().map { ($0.id, $0) },
                uniquingKeysWith: { first, _ in first })
            let principals =
                [configured].compactMap(\.self)
                + valid.compactMap { known[$0.id] ?? Principal($0) }
            keys.principals = Dictionary(grouping: principals) { $0.digest.bucket }
            keys.isNeeded = keys.isNeeded || configured != nil || !stored.isEmpty
        }
    }

    /// Whose key it is.
    func principal(_ key: String) -> Principal? {
        let digest = KeyDigest(of: key)
        let candidates = keys.withLock { $0.principals[digest.bucket] ?? [] }
        return candidates.first { $0.digest.matches(digest) }
    }
}
