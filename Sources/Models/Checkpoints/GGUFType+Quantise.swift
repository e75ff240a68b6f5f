import Glibc

extension GGUFType {
    /// Appends `count` values (whole blocks) in this type: F32, F16 or Q8_0.
    ///
    /// Q8_0: d = max|v|/127 in half precision, q = v/d rounded half away from zero.
    func quantise(_ values: UnsafePointer<Float>, count: Int, into bytes: inout [UInt8]) {
        func append(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
        }
        switch self {
        case .f32: for i in 0..<count { append(values[i].bitPattern) }
        case .f16: for i in 0..<count { append(half(values[i])) }
        case .q8:
            for block in stride(from: 0, to: count, by: 32) {
                let own = values + block
                let scale = (0..<32).reduce(Float(0)) { max($0, abs(own[$1])) } / 127
                let inverse = scale == 0 ? 0 : 1 / scale
                append(half(scale))
                for j in 0..<32 { append(Int8(roundf(own[j] * inverse))) }
            }
        default: preconditionFailure("files are written as F32, F16 or Q8_0")
        }
    }
}

/// binary32 to IEEE 754 binary16, to the nearest, ties to even; too large becomes infinite.
func half(_ value: Float) -> UInt16 {
    let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
    let magnitude = value.bitPattern & 0x7FFF_FFFF
    if magnitude > 0x7F80_0000 { return sign | 0x7E00 }
    if magnitude >= 0x4780_0000 { return sign | 0x7C00 }
    if magnitude < 0x3880_0000 {
        // Below 2⁻¹⁴ steps are 2⁻²⁴ wide: adding ½ rounds to them, by the rule for floats.
        let rounded = Float(bitPattern: magnitude) + 0.5
        return sign | UInt16(truncatingIfNeeded: rounded.bitPattern &- Float(0.5).bitPattern)
    }
    let odd = magnitude >> 13 & 1
    return sign
        | UInt16(truncatingIfNeeded: (magnitude &- 0x3800_0000 &+ 0xFFF &+ odd) >> 13)
}
