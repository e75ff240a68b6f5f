/// Runs of word characters and runs of others, without white space: `\w+|[^\w\s]+`.
struct WordCharacters: PreTokenizer {
    func split(_ cut: inout Cutting) {
        cut.replacePieces { text, piece, output in
            var begin = Int(piece.begin)
            var position = begin
            var flags: UInt8 = Categories.whitespace
            while position < Int(piece.end) {
                let (scalar, length) = Scalars.decode(text.bytes.base + position)
                let value = Categories.unicode16.value(scalar)
                // A word character is never white space.
                let next = value & (Categories.word | Categories.whitespace)
                if next != flags {
                    if flags != Categories.whitespace, position > begin {
                        output.append(Match(begin: UInt32(begin), end: UInt32(position)))
                    }
                    begin = position
                    flags = next
                }
                position += length
            }
            if flags != Categories.whitespace, position > begin {
                output.append(Match(begin: UInt32(begin), end: UInt32(position)))
            }
        }
    }
}
