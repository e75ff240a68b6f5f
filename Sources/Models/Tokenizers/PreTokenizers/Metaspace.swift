/// SentencePiece's spaces: each becomes a visible character, one is put before the text, and
/// pieces begin at each.
struct Metaspace: PreTokenizer {
    enum Scheme: String { case always, never, first }

    let replacement: [UInt8]
    let scheme: Scheme
    private let splits: Bool

    init(_ field: TokenizerField) throws {
        let scalar = try field["replacement"].scalar()
        replacement = Array(String(Unicode.Scalar(scalar) ?? " ").utf8)
        let name = field["prepend_scheme"].isNull ? "always" : try field["prepend_scheme"].string()
        guard let named = Scheme(rawValue: name) else {
            throw field["prepend_scheme"].unsupported(name, ["always", "first", "never"])
        }
        scheme =
            try field["add_prefix_space"].bool(default: true) ? named : Scheme.never
        splits = try field["split"].bool(default: true)
    }

    var needsOrigins: Bool { scheme == .first }
    var rewritesText: Bool { true }

    func split(_ cut: inout Cutting) {
        let begins = scheme == .first && cut.pieces.count > 0 && cut.origin(of: 0) == 0
        cut.rewritePieces { text, piece, index, output in
            let range = Int(piece.begin)..<Int(piece.end)
            if scheme == .always || begins && index == 0,
                text.bytes[range.lowerBound] != 0x20,
                !UnsafeBufferPointer(rebasing: text.bytes.elements[range])
                    .starts(with: replacement)
            {
                output.append(replacement, text.span(at: range.lowerBound))
            }
            for position in range {
                let byte = text.bytes[position]
                if byte == 0x20 {
                    output.append(replacement, text.span(at: position))
                } else {
                    output.append(byte: byte, text.span(at: position))
                }
            }
        }
        guard splits else { return }
        cut.replacePieces { text, piece, output in
            guard let first = replacement.first else { return }
            var begin = Int(piece.begin)
            for position in begin..<Int(piece.end)
            where text.bytes[position] == first && position > begin {
                let rest = UnsafeBufferPointer(
                    rebasing: text.bytes.elements[position..<Int(piece.end)])
                guard rest.starts(with: replacement) else { continue }
                output.append(Match(begin: UInt32(begin), end: UInt32(position)))
                begin = position
            }
            output.append(Match(begin: UInt32(begin), end: piece.end))
        }
    }
}
