/// Puts a text before every text that is not empty.
struct Prepend: Normalizer {
    let prefix: [UInt8]

    init(_ prefix: [UInt8]) { self.prefix = prefix }

    init(_ field: TokenizerField) throws {
        prefix = try field["prepend"].bytes()
    }

    var growth: NormalizerGrowth { .adds(prefix.count, writes: Set(prefix)) }

    func normalize(_ source: borrowing AlignedText, into output: inout AlignedText) {
        guard source.count > 0 else { return }
        output.append(prefix, source.span(at: 0))
        output.append(source, 0..<source.count)
    }
}
