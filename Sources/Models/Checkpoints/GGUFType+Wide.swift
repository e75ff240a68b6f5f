// The block formats with five bits a value, and the K formats: 256 values in eight or sixteen
// groups, whose scales (and minima) are themselves six- or eight-bit multiples of the block's.

extension GGUFType {
    /// Q5_0: v = d·(q − 16); Q5_1: v = d·q + m. The fifth bits are together, value j's at bit j.
    static func expandQ5(
        _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, blocks: Int,
        hasMinimum: Bool
    ) {
        let header = hasMinimum ? 4 : 2
        for index in 0..<blocks {
            let block = source + (header + 20) * index
            let output = target + 32 * index
            let scale = half(block)
            let minimum = hasMinimum ? half(block + 2) : -16 * scale
            let high = block.loadUnaligned(fromByteOffset: header, as: UInt32.self)
            let packed = (block + header + 4).assumingMemoryBound(to: UInt8.self)
            for j in 0..<16 {
                let low = UInt32(packed[j] & 15) | (high >> UInt32(j) & 1) << 4
                let up = UInt32(packed[j] >> 4) | (high >> UInt32(j + 16) & 1) << 4
                output[j] = scale * Float(low) + minimum
                output[j + 16] = scale * Float(up) + minimum
            }
        }
    }

    /// Q4_K and Q5_K: v = d·s·q − dmin·m for each group of 32.
    static func expandK(
        _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, blocks: Int,
        hasFifthBit: Bool
    ) {
        let bytes = hasFifthBit ? 176 : 144
        for index in 0..<blocks {
            let block = source + bytes * index
            let (d, dMin) = (half(block), half(block + 2))
            let scales = (block + 4).assumingMemoryBound(to: UInt8.self)
            let high = (block + 16).assumingMemoryBound(to: UInt8.self)
            let packed = high + (hasFifthBit ? 32 : 0)
            for group in 0..<8 {
                let (scale, minimum) = sixBits(scales, group)
                let output = target + 256 * index + 32 * group
                let nibbles = packed + 32 * (group / 2)
                for l in 0..<32 {
                    var q = group % 2 == 0 ? nibbles[l] & 15 : nibbles[l] >> 4
                    if hasFifthBit { q |= (high[l] >> UInt8(group) & 1) << 4 }
                    output[l] = d * scale * Float(q) - dMin * minimum
                }
            }
        }
    }

    /// Q6_K: v = d·s·(q − 32) for each group of 16, s a signed byte.
    static func expandQ6K(
        _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, blocks: Int
    ) {
        for index in 0..<blocks {
            let block = source + 210 * index
            let d = half(block + 208)
            for part in 0..<2 {
                let low = (block + 64 * part).assumingMemoryBound(to: UInt8.self)
                let high = (block + 128 + 32 * part).assumingMemoryBound(to: UInt8.self)
                let scales = (block + 192 + 8 * part).assumingMemoryBound(to: Int8.self)
                let output = target + 256 * index + 128 * part
                for quarter in 0..<4 {
                    for l in 0..<32 {
                        let byte = low[l + 32 * (quarter % 2)]
                        let nibble = quarter < 2 ? byte & 15 : byte >> 4
                        let q = Int(nibble | (high[l] >> UInt8(2 * quarter) & 3) << 4) - 32
                        output[32 * quarter + l] =
                            d * Float(scales[2 * quarter + l / 16]) * Float(q)
                    }
                }
            }
        }
    }

    /// Scale and minimum of a group out of twelve bytes of six-bit numbers.
    private static func sixBits(_ packed: UnsafePointer<UInt8>, _ group: Int) -> (Float, Float) {
        guard group >= 4 else { return (Float(packed[group] & 63), Float(packed[group + 4] & 63)) }
        let scale = packed[group + 4] & 15 | (packed[group - 4] >> 6) << 4
        let minimum = packed[group + 4] >> 4 | (packed[group] >> 6) << 4
        return (Float(scale), Float(minimum))
    }

    private static func half(_ place: UnsafeRawPointer) -> Float {
        float(half: place.loadUnaligned(as: UInt16.self))
    }
}
