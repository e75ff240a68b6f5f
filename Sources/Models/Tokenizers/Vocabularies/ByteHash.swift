/// A hash for tables in memory, eight bytes at a time. Not for anything that is kept, nor against
/// someone who searches collisions: tables built from files bound what those can cost.
enum ByteHash {
    private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

    @inline(__always)
    static func of(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        guard let base = bytes.baseAddress else { return factor }
        var hash = UInt64(truncatingIfNeeded: bytes.count) &* factor
        let raw = UnsafeRawPointer(base)
        var position = 0
        while position + 8 <= bytes.count {
            hash = mix(hash ^ raw.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            position += 8
        }
        var rest: UInt64 = 0
        while position < bytes.count {
            rest = rest << 8 | UInt64(base[position])
            position += 1
        }
        return mix(hash ^ rest)
    }

    @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        let product = (value ^ (value >> 32)) &* factor
        return product ^ (product >> 29)
    }
}
