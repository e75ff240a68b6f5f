import Store

/// Digests of small values in one call.
enum SHA256 {
    static func bytes(_ bytes: [UInt8]) -> [UInt8] {
        var hasher = SHA256Hasher()
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.bytes()
    }

    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        var hasher = SHA256Hasher()
        Array(bytes).withUnsafeBytes { hasher.update($0) }
        return hasher.hex()
    }
}
