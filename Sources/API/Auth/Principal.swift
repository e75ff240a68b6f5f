import HTTP
import Pool
import Store
import Synchronization

/// A key in use: what it may do, and what it has used.
final class Principal: Sendable {
    /// The key's id, for logs; never the key.
    let id: String
    let digest: KeyDigest
    let scopes: Set<KeyScope>
    private let usage: Mutex<KeyUsage>

    /// The key of the environment or of a file: every scope, no limit.
    init(configured key: APIKey) {
        id = "configured"
        digest = key.digest
        scopes = Set(KeyScope.allCases)
        usage = Mutex(KeyUsage(requestsPerMinute: nil, concurrent: nil))
    }

    init?(_ record: KeyRecord) {
        guard let digest = KeyDigest(hex: record.digest) else { return nil }
        id = record.id
        self.digest = digest
        scopes = record.scopes
        usage = Mutex(
            KeyUsage(
                requestsPerMinute: record.requestsPerMinute, concurrent: record.concurrent))
    }

    /// A place among the key's requests, held until the permit goes.
    /// - Parameter count: takes the reason when there is none.
    /// - Throws: `APIError` `overloaded`.
    func admit(count: (Rejection) -> Void) throws -> Permit {
        switch usage.withLock({ $0.admit(now: MonotonicClock.seconds()) }) {
        case nil:
            return Permit { [self] in usage.withLock { $0.release() } }
        case .concurrent:
            count(.keyConcurrent)
            throw APIError(
                .overloaded,
                "this key has as many requests under way as it may (its limit `concurrent`)")
        case .rate(let seconds):
            count(.keyRate)
            throw APIError(
                .overloaded,
                "this key has made as many requests as it may (its limit `requests-per-minute`)",
                retryAfterSeconds: Int(seconds.rounded(.up)))
        }
    }
}

/// A place that is taken; given back when nobody holds the permit any more.
final class Permit: Sendable {
    private let release: @Sendable () -> Void

    init(_ release: @escaping @Sendable () -> Void) { self.release = release }

    deinit { release() }
}
