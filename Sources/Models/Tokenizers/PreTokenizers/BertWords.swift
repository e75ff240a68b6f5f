/// BERT's splitting: at white space, and around every punctuation character.
struct BertWords: PreTokenizer {
    func split(_ cut: inout Cutting) {
        cut.replacePieces { text, piece, output in
            var begin = Int(piece.begin)
            var position = begin
            let end = Int(piece.end)
            while position < end {
                let (scalar, length) = Scalars.decode(text.bytes.base + position)
                let isSpace = Self.isSpace(scalar)
                if isSpace || Punctuation.contains(scalar) {
                    if position > begin {
                        output.append(Match(begin: UInt32(begin), end: UInt32(position)))
                    }
                    begin = position + length
                    if !isSpace {
                        output.append(Match(begin: UInt32(position), end: UInt32(begin)))
                    }
                }
                position += length
            }
            if end > begin { output.append(Match(begin: UInt32(begin), end: UInt32(end))) }
        }
    }

    @inline(__always)
    private static func isSpace(_ scalar: UInt32) -> Bool {
        scalar < 0x80
            ? scalar == 0x20 || scalar &- 9 < 5
            : Categories.newest.value(scalar) & Categories.whitespace != 0
    }
}

/// Punctuation as BERT has it: Unicode's, and the ASCII symbols.
enum Punctuation {
    @inline(__always)
    static func contains(_ scalar: UInt32) -> Bool {
        if scalar < 0x80 {
            return scalar &- 0x21 < 15 || scalar &- 0x3A < 7 || scalar &- 0x5B < 6
                || scalar &- 0x7B < 4
        }
        return Categories.unicode8.isIn(.punctuation, scalar)
    }
}
