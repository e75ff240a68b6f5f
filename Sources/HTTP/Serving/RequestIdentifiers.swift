/// Request ids: the client's when it is harmless, else made here.
struct RequestIdentifiers {
    private var state = UInt64.random(in: .min ... .max)
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// `[A-Za-z0-9._-]{1,64}`.
    static func isAcceptable(_ value: String) -> Bool {
        (1...64).contains(value.utf8.count)
            && value.utf8.allSatisfy { ByteClass.isUnreserved($0) && $0 != UInt8(ascii: "~") }
    }

    /// Thirteen characters of a 64-bit sequence that does not repeat (SplitMix64). They are
    /// labels, not secrets.
    mutating func make() -> String {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        bits ^= bits >> 31
        return String(unsafeUninitializedCapacity: 13) { text in
            for index in 0..<13 {
                text[index] = Self.alphabet[Int(bits & 31)]
                bits >>= 5
            }
            return 13
        }
    }
}
