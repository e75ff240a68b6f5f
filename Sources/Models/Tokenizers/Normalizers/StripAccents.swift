/// Drops combining marks. Decomposes nothing: NFD or NFKD goes before it.
struct StripAccents: Normalizer {
    func normalize(_ source: borrowing AlignedText, into output: inout AlignedText) {
        var position = 0
        while position < source.count {
            let (scalar, length) = Scalars.decode(source.bytes.base + position)
            if scalar < 0x300 || !Categories.unicode9.isIn(.mark, scalar) {
                output.append(source, position..<position + length)
            }
            position += length
        }
    }
}
