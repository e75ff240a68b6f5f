/// Cuts pieces of so many characters.
struct FixedLength: PreTokenizer {
    private let length: Int

    init(_ field: TokenizerField) throws {
        length = try field["length"].integer(in: 1...(1 << 20), default: 5)
    }

    func split(_ cut: inout Cutting) {
        let length = length
        cut.replacePieces { text, piece, output in
            var begin = Int(piece.begin)
            var position = begin
            var count = 0
            while position < Int(piece.end) {
                position += Scalars.length(text.bytes[position])
                count += 1
                if count == length {
                    output.append(Match(begin: UInt32(begin), end: UInt32(position)))
                    begin = position
                    count = 0
                }
            }
            if position > begin {
                output.append(Match(begin: UInt32(begin), end: UInt32(position)))
            }
        }
    }
}
