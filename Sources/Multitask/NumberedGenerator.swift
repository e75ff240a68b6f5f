import Glibc

/// SplitMix64 (Steele et al., 2014) with one stream for each number, so that a draw is a function
/// of the seed and of how many came before.
package struct NumberedGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64, number: UInt64) {
        state = Self.mix(Self.mix(seed) ^ Self.mix(number &+ Self.increment))
    }

    package mutating func next() -> UInt64 {
        state &+= Self.increment
        return Self.mix(state)
    }

    /// Uniform in 0..<count, without bias that could be noticed (count ≪ 2⁶⁴).
    package mutating func index(below count: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(count)).high)
    }

    /// Uniform in (0, 1).
    package mutating func uniform() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }

    /// Standard normal (Box and Muller).
    package mutating func normal() -> Double {
        (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform())
    }

    private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
