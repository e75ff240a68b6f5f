/// Lower case by Unicode's full mapping, without regard to context or language.
struct Lowercase: Normalizer {
    func normalize(_ source: borrowing AlignedText, into output: inout AlignedText) {
        var position = 0
        while position < source.count {
            let (scalar, length) = Scalars.decode(source.bytes.base + position)
            Self.append(scalar, source.span(at: position), to: &output)
            position += length
        }
    }

    @inline(__always)
    static func append(
        _ scalar: UInt32, _ span: AlignedText.Span, to output: inout AlignedText
    ) {
        if scalar < 0x80 {
            let isUpper = scalar &- 0x41 < 26
            return output.append(
                byte: UInt8(truncatingIfNeeded: isUpper ? scalar + 0x20 : scalar), span)
        }
        // Only cased scalars have mappings; most text beyond ASCII has none.
        guard Categories.newest.isIn([.lu, .lt, .nl, .so], scalar) else {
            return output.append(scalar: scalar, span)
        }
        guard let unicode = Unicode.Scalar(scalar) else { return }
        for lower in unicode.properties.lowercaseMapping.unicodeScalars {
            output.append(scalar: lower.value, span)
        }
    }
}
