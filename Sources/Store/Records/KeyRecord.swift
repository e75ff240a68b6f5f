/// What a key may be used for.
package enum KeyScope: String, Codable, Sendable, CaseIterable {
    /// Classify and generate.
    case infer
    /// Data sets and runs.
    case train
    /// Models and aliases.
    case admin
    /// Routes of remote workers.
    case worker
    /// `/metrics`.
    case metrics
}

/// An API key, of which only the digest is known.
package struct KeyRecord: Sendable, Equatable {
    package var number: Int64
    package var id: String
    package var name: String
    package var created: Double
    /// SHA-256 of the key, lower-case hex.
    package var digest: String
    package var scopes: Set<KeyScope>
    /// nil: no limit.
    package var requestsPerMinute: Int?
    package var concurrent: Int?
    package var revoked: Double?
}
