/// SplitMix64 (Steele et al., 2014): a small generator whose streams are named by numbers, so
/// that a plan is a function of its seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// A stream of its own for each sequence of numbers.
    init(_ seed: UInt64, _ stream: UInt64...) {
        state = stream.reduce(Self.mix(seed)) { Self.mix($0 ^ Self.mix($1 &+ Self.increment)) }
    }

    mutating func next() -> UInt64 {
        state &+= Self.increment
        return Self.mix(state)
    }

    /// A permutation of 0..<count; Fisher–Yates by our own hand, so that it cannot change with
    /// the standard library.
    mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        shuffle(&order)
        return order
    }

    mutating func shuffle<Element>(_ values: inout [Element]) {
        for last in stride(from: values.count - 1, to: 0, by: -1) {
            values.swapAt(last, Int(next().multipliedFullWidth(by: UInt64(last) + 1).high))
        }
    }

    /// FNV-1a of the text, mixed with the seed.
    static func hash(_ text: String, seed: UInt64) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return mix(hash ^ mix(seed))
    }

    private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
