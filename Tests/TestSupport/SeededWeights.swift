/// Weights that are a formula of a parameter's name and a value's place, so that a test and
/// `scripts/reference/parity.py` build the same model without a file.
package enum SeededWeights {
    /// FNV-1a of the name, then SplitMix64 by place; 24 bits, uniform in −1..<1.
    package static func uniform(_ name: String, count: Int) -> [Float] {
        var seed: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { seed = (seed ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return (0..<count).map { place in
            var z = seed &+ UInt64(place + 1) &* 0x9E37_79B9_7F4A_7C15
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            z ^= z >> 31
            return Float(z >> 40) / Float(1 << 23) - 1
        }
    }

    /// Gains near 1, biases near 0, matrices within ±0.25.
    package static func values(_ name: String, shape: [Int]) -> [Float] {
        let values = uniform(name, count: shape.reduce(1, *))
        if shape.count > 1 { return values.map { 0.25 * $0 } }
        if name.hasSuffix("weight") { return values.map { 1 + 0.125 * $0 } }
        return values.map { 0.125 * $0 }
    }
}
