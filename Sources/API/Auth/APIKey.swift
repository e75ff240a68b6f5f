import Store

/// An API key, kept only as its SHA-256.
package struct APIKey: Sendable {
    private let digest: [UInt8]

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
        digest = Self.digest(key)
    }

    /// Whether `candidate` is the key; takes the same time wherever the two differ.
    package func matches(_ candidate: String) -> Bool {
        let other = Self.digest(candidate)
        guard other.count == digest.count else { return false }
        var difference: UInt8 = 0
        for index in digest.indices { difference |= digest[index] ^ other[index] }
        return difference == 0
    }

    private static func digest(_ text: String) -> [UInt8] { Array(SHA256.hex(text.utf8).utf8) }
}
