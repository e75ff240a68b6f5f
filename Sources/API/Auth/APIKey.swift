import Store

/// An API key, kept only as its SHA-256.
package struct APIKey: Sendable {
    let digest: KeyDigest

    /// - Throws: `APIError` when the key is empty or not printable ASCII without spaces.
    package init(_ key: String) throws {
        let bytes = key.utf8
        guard (1...512).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw APIError(
                .invalidValue,
                "the API key must be 1 to 512 printable ASCII characters without spaces; "
                    + "this one has \(bytes.count) bytes")
        }
        digest = KeyDigest(of: key)
    }
}

/// The SHA-256 of a key.
struct KeyDigest: Sendable {
    private let bytes: [UInt8]

    private static let hasher = KeyHasher()

    init(of key: String) { bytes = Self.hasher.digest(of: key) }

    /// - Parameter hex: as the store keeps it; nil when it is none.
    init?(hex: String) {
        let digits = hex.utf8.compactMap { byte -> UInt8? in
            switch byte {
            case 0x30...0x39: byte - 0x30
            case 0x61...0x66: byte - 0x61 + 10
            default: nil
            }
        }
        guard digits.count == 64, hex.utf8.count == 64 else { return nil }
        bytes = (0..<32).map { digits[2 * $0] << 4 | digits[2 * $0 + 1] }
    }

    /// Finds the few digests worth comparing. What it tells by its time is about digests, from
    /// which nobody gets back to a key.
    var bucket: UInt64 { bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }

    /// Takes the same time wherever the two differ.
    func matches(_ other: KeyDigest) -> Bool {
        var difference: UInt8 = 0
        for index in bytes.indices { difference |= bytes[index] ^ other.bytes[index] }
        return difference == 0
    }
}
