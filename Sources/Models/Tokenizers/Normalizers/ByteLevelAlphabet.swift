/// Writes every byte as its character of GPT-2's alphabet.
struct ByteLevelAlphabet: Normalizer {
    func normalize(_ source: borrowing AlignedText, into output: inout AlignedText) {
        for position in 0..<source.count {
            output.append(
                scalar: ByteAlphabet.scalarOfByte[Int(source.bytes[position])],
                source.span(at: position))
        }
    }
}
