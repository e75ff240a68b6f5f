/// The cleaning that SentencePiece calls nmt: control characters go, odd spaces become spaces.
struct NeuralTranslationCleaning: Normalizer {
    func normalize(_ source: borrowing AlignedText, into output: inout AlignedText) {
        var position = 0
        while position < source.count {
            let (scalar, length) = Scalars.decode(source.bytes.base + position)
            switch scalar {
            case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: break
            case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF,
                0xFFFD:
                output.append(byte: 0x20, source.span(at: position))
            default: output.append(source, position..<position + length)
            }
            position += length
        }
    }
}
