/// How a tensor's values are stored: plain numbers, or blocks of 32 or 256 that share a scale.
enum GGUFType: UInt32 {
    case f32 = 0
    case f16 = 1
    case q4 = 2
    case q4Minimum = 3
    case q5 = 6
    case q5Minimum = 7
    case q8 = 8
    case q4K = 12
    case q5K = 13
    case q6K = 14
    case bf16 = 30

    var blockLength: Int {
        switch self {
        case .f32, .f16, .bf16: 1
        case .q4, .q4Minimum, .q5, .q5Minimum, .q8: 32
        case .q4K, .q5K, .q6K: 256
        }
    }

    var blockBytes: Int {
        switch self {
        case .f32: 4
        case .f16, .bf16: 2
        case .q4: 18
        case .q4Minimum: 20
        case .q5: 22
        case .q5Minimum: 24
        case .q8: 34
        case .q4K: 144
        case .q5K: 176
        case .q6K: 210
        }
    }
}

extension GGUFType {
    /// Converts `count` values (whole blocks) to float32.
    ///
    /// Q4_0: v = d·(q − 8); Q4_1: v = d·q + m; Q8_0: v = d·q, with half-precision d and m at the
    /// block's start. In 4-bit blocks byte j holds value j (low) and value j + 16 (high).
    func dequantise(
        _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, count: Int
    ) {
        switch self {
        case .f32: UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: 4 * count)
        case .f16: Self.widenHalf(source, target, count)
        case .bf16: Self.widenBrain(source, target, count)
        case .q8: Self.expandQ8(source, target, blocks: count / 32)
        case .q4: Self.expandQ4(source, target, blocks: count / 32, hasMinimum: false)
        case .q4Minimum: Self.expandQ4(source, target, blocks: count / 32, hasMinimum: true)
        case .q5: Self.expandQ5(source, target, blocks: count / 32, hasMinimum: false)
        case .q5Minimum: Self.expandQ5(source, target, blocks: count / 32, hasMinimum: true)
        case .q4K: Self.expandK(source, target, blocks: count / 256, hasFifthBit: false)
        case .q5K: Self.expandK(source, target, blocks: count / 256, hasFifthBit: true)
        case .q6K: Self.expandQ6K(source, target, blocks: count / 256)
        }
    }

    private static func widenHalf(
        _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        var i = 0
        while i < count {
            target[i] = float(half: source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
            i &+= 1
        }
    }

    private static func widenBrain(
        _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        var i = 0
        while i < count {
            let bits = source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)
            target[i] = Float(bitPattern: UInt32(bits) << 16)
            i &+= 1
        }
    }

    private static func expandQ8(
        _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, blocks: Int
    ) {
        var block = source
        var output = target
        let end = source + 34 * blocks
        while block < end {
            let scale = float(half: block.loadUnaligned(as: UInt16.self))
            let values = (block + 2).assumingMemoryBound(to: Int8.self)
            var j = 0
            while j < 32 {
                output[j] = scale * Float(values[j])
                j &+= 1
            }
            block += 34
            output += 32
        }
    }

    private static func expandQ4(
        _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, blocks: Int,
        hasMinimum: Bool
    ) {
        let header = hasMinimum ? 4 : 2
        var block = source
        var output = target
        let end = source + (header + 16) * blocks
        while block < end {
            let scale = float(half: block.loadUnaligned(as: UInt16.self))
            let minimum =
                hasMinimum
                ? float(half: block.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
                : -8 * scale
            let packed = (block + header).assumingMemoryBound(to: UInt8.self)
            var j = 0
            while j < 16 {
                output[j] = scale * Float(packed[j] & 15) + minimum
                j &+= 1
            }
            j = 0
            while j < 16 {
                output[j &+ 16] = scale * Float(packed[j] &>> 4) + minimum
                j &+= 1
            }
            block += header + 16
            output += 32
        }
    }
}

/// IEEE 754 binary16 to binary32, exact, subnormals, infinities and NaN included.
@inline(__always)
func float(half: UInt16) -> Float {
    let sign = UInt32(half & 0x8000) << 16
    let magnitude = UInt32(half & 0x7FFF)
    if magnitude >= 0x7C00 {
        return Float(bitPattern: sign | 0x7F80_0000 | (magnitude & 0x3FF) << 13)
    }
    // The exponent's bias is 15 in one format and 127 in the other.
    let scaled = Float(bitPattern: magnitude << 13) * 0x1p112
    return Float(bitPattern: sign | scaled.bitPattern)
}
